package dev.jebena.engine.parallel;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * How two nodes find out that they belong together, before anything else is said.
 *
 * <p>Who accepts sends a random number; who called answers with its own, what it is, and an HMAC-SHA256 over all of that under the secret;
 * who accepts answers with its verdict and an HMAC over that. So the secret is never sent, nothing said once can be said again by others,
 * and both know that the other has it. (What follows is not encrypted: networks that others can write to need a tunnel.)
 */
final class Handshake {

  /** Grows whenever what nodes say to each other changes. */
  static final int PROTOCOL = 1;

  static final int TIMEOUT_MILLIS = 5_000;
  private static final byte[] MAGIC = "JEBENARK".getBytes(StandardCharsets.US_ASCII);
  private static final int NONCE_BYTES = 32;
  private static final int MAC_BYTES = 32;
  private static final int MOST_BYTES = 4096;
  private static final SecureRandom RANDOM = new SecureRandom();

  /** What a connection is for. */
  enum Kind {
    /** Orders and signs of life, to node 0. */
    CONTROL(0),
    /** Collectives. */
    DATA(1);

    /** What stands for it on the wire. */
    private final int code;

    Kind(int code) {
      this.code = code;
    }

    int code() {
      return code;
    }
  }

  /**
   * What a node says of itself.
   *
   * @param version of the program
   * @param modelHash see {@link ModelFingerprint}
   * @param backend its name: all ranks compute with the same
   * @param dataPort where it takes connections of nodes with higher numbers
   */
  record Hello(Kind kind, int node, int nodes, int ranks, String version, byte[] modelHash, String backend, int dataPort) {

    byte[] bytes() throws IOException {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      DataOutputStream out = new DataOutputStream(bytes);
      out.writeByte(kind.code);
      out.writeInt(node);
      out.writeInt(nodes);
      out.writeInt(ranks);
      out.writeUTF(version);
      out.write(modelHash);
      out.writeUTF(backend);
      out.writeInt(dataPort);
      return bytes.toByteArray();
    }

    static Hello of(byte[] bytes) throws IOException {
      DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
      int kind = in.readUnsignedByte();
      if (kind != Kind.CONTROL.code && kind != Kind.DATA.code) {
        throw new IOException("an unknown kind of connection: " + kind);
      }
      int node = in.readInt();
      int nodes = in.readInt();
      int ranks = in.readInt();
      String version = in.readUTF();
      byte[] hash = in.readNBytes(MAC_BYTES);
      return new Hello(kind == Kind.DATA.code ? Kind.DATA : Kind.CONTROL, node, nodes, ranks, version, hash, in.readUTF(), in.readInt());
    }

    /** Why a node that says {@code other} cannot join; empty if it can. */
    String whyNot(Hello other) {
      if (!other.version.equals(version)) {
        return "version " + other.version + " does not fit version " + version + ": use the same on every node";
      }
      if (other.nodes != nodes || other.ranks != ranks) {
        return "it is one of " + other.nodes + " nodes and " + other.ranks + " ranks, this one of " + nodes + " and " + ranks
            + ": use the same --nnodes and --tensor-parallel-size on every node";
      }
      if (other.node < 1 || other.node >= nodes) {
        return "node rank " + other.node + " is not one of 1 to " + (nodes - 1) + ": give every node its own --node-rank";
      }
      if (!Arrays.equals(other.modelHash, modelHash)) {
        return "its model has the hash " + hex(other.modelHash) + ", the model here " + hex(modelHash) + ": use the same file on every node";
      }
      return other.backend.equals(backend) ? ""
          : "it computes with backend " + other.backend + ", this one with " + backend + ": use the same --backend on every node";
    }

    private static String hex(byte[] hash) {
      return HexFormat.of().formatHex(hash, 0, 8);
    }
  }

  private final byte[] secret;

  Handshake(String secret) {
    this.secret = secret.getBytes(StandardCharsets.UTF_8);
  }

  /** Says who this is. Throws {@link RankException} with the other's reason if it does not want this node. */
  void call(DataInputStream in, DataOutputStream out, Hello hello) throws IOException {
    requireSameProtocol(in);
    byte[] theirs = in.readNBytes(NONCE_BYTES);
    byte[] ours = nonce();
    byte[] fields = hello.bytes();
    out.write(MAGIC);
    out.writeInt(PROTOCOL);
    out.write(ours);
    out.writeInt(fields.length);
    out.write(fields);
    out.write(mac("caller", theirs, ours, fields));
    out.flush();
    byte[] verdict = in.readNBytes(requireLength(in.readInt()));
    byte[] proof = in.readNBytes(MAC_BYTES);
    boolean proven = MessageDigest.isEqual(proof, mac("answerer", ours, theirs, verdict));
    String reason = new String(verdict, StandardCharsets.UTF_8);
    if (!proven) {
      throw new RankException("the ranks' secret is another there: give every node the same (JEBENA_RANK_SECRET)");
    }
    if (!reason.isEmpty()) {
      throw new RankException("refused by node 0: " + reason);
    }
  }

  /** Hears who calls. Throws {@link RankException} if it does not know the secret. The caller waits for {@link #answer}. */
  Heard hear(DataInputStream in, DataOutputStream out) throws IOException {
    byte[] ours = nonce();
    out.write(MAGIC);
    out.writeInt(PROTOCOL);
    out.write(ours);
    out.flush();
    requireSameProtocol(in);
    byte[] theirs = in.readNBytes(NONCE_BYTES);
    byte[] fields = in.readNBytes(requireLength(in.readInt()));
    byte[] proof = in.readNBytes(MAC_BYTES);
    if (!MessageDigest.isEqual(proof, mac("caller", ours, theirs, fields))) {
      // an answer without proof: the caller learns that the secret is another, and nothing else
      out.writeInt(0);
      out.write(new byte[MAC_BYTES]);
      out.flush();
      throw new RankException("somebody called who does not know the ranks' secret");
    }
    return new Heard(Hello.of(fields), ours, theirs);
  }

  /** A call that is not answered yet. */
  record Heard(Hello hello, byte[] ours, byte[] theirs) {}

  /** Answers: an empty reason lets the caller in. */
  void answer(DataOutputStream out, Heard heard, String reason) throws IOException {
    byte[] verdict = reason.getBytes(StandardCharsets.UTF_8);
    out.writeInt(verdict.length);
    out.write(verdict);
    out.write(mac("answerer", heard.theirs, heard.ours, verdict));
    out.flush();
  }

  private static void requireSameProtocol(DataInputStream in) throws IOException {
    if (!Arrays.equals(in.readNBytes(MAGIC.length), MAGIC)) {
      throw new RankException("what answers there is no rank: check --master-addr and --master-port");
    }
    int protocol = in.readInt();
    if (protocol != PROTOCOL) {
      throw new RankException("protocol " + protocol + " does not fit protocol " + PROTOCOL + ": use the same version on every node");
    }
  }

  private static int requireLength(int length) throws IOException {
    if (length < 0 || length > MOST_BYTES) {
      throw new IOException("a message of " + length + " bytes in the handshake");
    }
    return length;
  }

  private static byte[] nonce() {
    byte[] nonce = new byte[NONCE_BYTES];
    RANDOM.nextBytes(nonce);
    return nonce;
  }

  private byte[] mac(String role, byte[] first, byte[] second, byte[] fields) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(secret, "HmacSHA256"));
      mac.update(role.getBytes(StandardCharsets.US_ASCII));
      mac.update(first);
      mac.update(second);
      return mac.doFinal(fields);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has HMAC-SHA256", e);
    }
  }
}
