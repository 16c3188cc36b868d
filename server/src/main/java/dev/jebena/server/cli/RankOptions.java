package dev.jebena.server.cli;

import dev.jebena.engine.EngineConfig;
import dev.jebena.engine.parallel.Cluster;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import picocli.CommandLine.Option;

/** Among how many ranks a model is divided, and in which processes they are; the names are vLLM's. */
final class RankOptions {

  private static final int SECRET_BYTES = 32;

  @Option(names = {"--tensor-parallel-size", "-tp"}, paramLabel = "N", defaultValue = "1",
      description = "Ranks that share the model (${DEFAULT-VALUE}); they share the threads of this process.")
  private int tensorParallelSize = 1;

  @Option(names = "--nnodes", paramLabel = "N", defaultValue = "1",
      description = "Processes that the ranks are in (${DEFAULT-VALUE}): start each with the same model and options and its own --node-rank.")
  private int nodes = 1;

  @Option(names = "--node-rank", paramLabel = "N", defaultValue = "0",
      description = "Which of them this is; 0 takes requests, the others follow it (${DEFAULT-VALUE}).")
  private int node;

  @Option(names = "--master-addr", paramLabel = "ADDRESS", defaultValue = Cluster.DEFAULT_ADDRESS,
      description = "Where node 0 listens for the others (${DEFAULT-VALUE}: this machine only).")
  private String masterAddress = Cluster.DEFAULT_ADDRESS;

  @Option(names = "--master-port", paramLabel = "N", defaultValue = "" + Cluster.DEFAULT_PORT, description = "The port there (${DEFAULT-VALUE}).")
  private int masterPort = Cluster.DEFAULT_PORT;

  @Option(names = "--rank-secret", paramLabel = "TEXT", defaultValue = "",
      description = "What all nodes know and nobody else; better given by JEBENA_RANK_SECRET. On one machine one is made for each user.")
  private String secret = "";

  @Option(names = "--rank-join-timeout", paramLabel = "SECONDS", defaultValue = "120",
      description = "How long nodes wait for each other to start (${DEFAULT-VALUE}).")
  private int joinSeconds = 120;

  @Option(names = "--rank-timeout", paramLabel = "SECONDS", defaultValue = "3",
      description = "After so long without a sign of life a node is given up (${DEFAULT-VALUE}); one that ends is noticed at once.")
  private int silenceSeconds = 3;

  /** Whether this process is one that follows node 0. */
  boolean follows() {
    return nodes > 1 && node > 0;
  }

  /**
   * Sets what the options say.
   *
   * @throws UsageException naming the option that does not fit
   */
  void configure(EngineConfig.Builder builder) {
    if (tensorParallelSize < 1 || nodes < 1) {
      throw new UsageException("--tensor-parallel-size is " + tensorParallelSize + " and --nnodes " + nodes + ": use 1 or more");
    }
    builder.tensorParallelSize(tensorParallelSize);
    if (nodes == 1) {
      if (node != 0) {
        throw new UsageException("--node-rank is " + node + " and --nnodes 1: say how many nodes there are");
      }
      return;
    }
    try {
      Cluster cluster = new Cluster(
          nodes, node, masterAddress, masterPort, secret(), Duration.ofSeconds(joinSeconds),
          Duration.ofSeconds(silenceSeconds));
      cluster.requireDivides(tensorParallelSize);
      builder.cluster(cluster);
    } catch (IllegalArgumentException e) {
      throw new UsageException(String.valueOf(e.getMessage()));
    }
  }

  private String secret() {
    if (!secret.isEmpty()) {
      return secret;
    }
    try {
      if (InetAddress.getByName(masterAddress).isLoopbackAddress()) {
        return userSecret(Path.of(System.getProperty("user.home"), ".jebena", "rank-secret"));
      }
    } catch (UnknownHostException e) {
      throw new UsageException("--master-addr is " + masterAddress + ": there is no such host");
    } catch (IOException e) {
      throw new UsageException("the ranks need a secret and " + e.getMessage() + " cannot be used: set JEBENA_RANK_SECRET");
    }
    throw new UsageException(
        "--master-addr is " + masterAddress + ", which other machines can reach: set JEBENA_RANK_SECRET to the same on every node");
  }

  /** A secret that only processes of this user can read; made by the first that needs it. */
  private static String userSecret(Path file) throws IOException {
    if (!Files.exists(file)) {
      Files.createDirectories(file.getParent());
      byte[] bytes = new byte[SECRET_BYTES];
      new SecureRandom().nextBytes(bytes);
      Path made = Files.createTempFile(
          file.getParent(), "rank-secret", "", PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      try {
        Files.writeString(made, HexFormat.of().formatHex(bytes), StandardCharsets.US_ASCII);
        // a link appears whole and never replaces what another process has just made
        Files.createLink(file, made);
      } catch (FileAlreadyExistsException e) {
        // another process was faster: its secret counts
      } finally {
        Files.delete(made);
      }
    }
    return Files.readString(file, StandardCharsets.US_ASCII).strip();
  }
}
