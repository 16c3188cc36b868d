package dev.jebena.engine.schedule;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Optional;

/**
 * Names full blocks of tokens by a chain of hashes: SHA-256 over the canonical CBOR (RFC 8949, 4.2.1) of {@code [parent hash, [tokens...],
 * extra keys]}, where the extra keys are {@code null} or, for the first block of a salted request, {@code [salt]}; the parent of a first
 * block is the hash of the CBOR text {@code "0"}. These are the names that vLLM gives with {@code sha256_cbor} and PYTHONHASHSEED=0, so a
 * router that knows where prefixes lie understands both.
 *
 * <p>A collision would let one tenant read another's prefix, so the hash is a cryptographic one. Not for use by several threads.
 */
public final class BlockHasher {

  private static final int CBOR_BYTES = 2;
  private static final int CBOR_TEXT = 3;
  private static final int CBOR_ARRAY = 4;
  private static final byte CBOR_NULL = (byte) 0xF6;
  private static final int CBOR_HEAD_BYTES = 5;

  private final MessageDigest sha256;
  private final BlockHash root;
  private ByteBuffer buffer = ByteBuffer.allocate(1024);

  public BlockHasher() {
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this JDK has no SHA-256, which every JDK must have", e);
    }
    buffer.clear();
    putText("0".getBytes(StandardCharsets.UTF_8));
    root = digest();
  }

  /** The parent of every first block. */
  public BlockHash root() {
    return root;
  }

  /**
   * The name of a block.
   *
   * @param parent name of the block before it, or {@link #root()}
   * @param salt for a first block, what separates this request from others
   */
  public BlockHash hash(BlockHash parent, int[] tokens, int from, int count, Optional<String> salt) {
    byte[] saltBytes = salt.isPresent() ? salt.get().getBytes(StandardCharsets.UTF_8) : null;
    ensure(BlockHash.BYTES + CBOR_HEAD_BYTES * (count + 6) + (saltBytes == null ? 0 : saltBytes.length));
    buffer.clear();
    putHead(CBOR_ARRAY, 3);
    putHead(CBOR_BYTES, BlockHash.BYTES);
    parent.putInto(buffer);
    putHead(CBOR_ARRAY, count);
    for (int i = from; i < from + count; i++) {
      putHead(0, tokens[i]);
    }
    if (saltBytes == null) {
      buffer.put(CBOR_NULL);
    } else {
      putHead(CBOR_ARRAY, 1);
      putText(saltBytes);
    }
    return digest();
  }

  /** The names of all full blocks of a prompt. */
  public BlockHash[] hashAll(int[] tokens, int blockTokens, Optional<String> salt) {
    BlockHash[] hashes = new BlockHash[tokens.length / blockTokens];
    BlockHash parent = root;
    for (int i = 0; i < hashes.length; i++) {
      parent = hash(parent, tokens, i * blockTokens, blockTokens, i == 0 ? salt : Optional.empty());
      hashes[i] = parent;
    }
    return hashes;
  }

  private BlockHash digest() {
    sha256.update(buffer.array(), 0, buffer.position());
    return BlockHash.of(sha256.digest());
  }

  private void ensure(int bytes) {
    if (buffer.capacity() < bytes) {
      buffer = ByteBuffer.allocate(2 * bytes);
    }
  }

  private void putText(byte[] utf8) {
    putHead(CBOR_TEXT, utf8.length);
    buffer.put(utf8);
  }

  /** Major type and argument in the shortest form, as canonical CBOR wants it. */
  private void putHead(int major, int argument) {
    if (argument < 0) {
      throw new IllegalArgumentException("a token id of " + argument + " has no name: ids are 0 or more");
    }
    int type = major << 5;
    if (argument < 24) {
      buffer.put((byte) (type | argument));
    } else if (argument < 1 << 8) {
      buffer.put((byte) (type | 24)).put((byte) argument);
    } else if (argument < 1 << 16) {
      buffer.put((byte) (type | 25)).putShort((short) argument);
    } else {
      buffer.put((byte) (type | 26)).putInt(argument);
    }
  }
}
