package dev.jebena.cuda;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Machine code that the driver has made of PTX, kept on disk so that the next start need not wait for its compiler.
 *
 * <p>A file's name is the hash of the PTX, the compute capability and the driver's version; its head says the same hash and that of the code. Files are written
 * beside their place and moved there, so that several processes may share a folder. What is damaged or foreign counts as not there and is written anew. As
 * code of the folder runs on the device, it must belong to this user, and nobody else may write to it.
 */
final class CodeCache {

  /** Names the folder, or {@value #OFF}. */
  static final String PROPERTY = "jebena.cuda.cache";

  static final String VARIABLE = "JEBENA_CUDA_CACHE";
  static final String OFF = "off";
  static final long MOST_BYTES = 256L << 20;

  private static final String SUFFIX = ".cubin";
  private static final byte[] MAGIC = "jebena code 1\n".getBytes(StandardCharsets.US_ASCII);
  private static final int HASH_BYTES = 32;
  private static final int HEAD_BYTES = MAGIC.length + 2 * HASH_BYTES;
  private static final EnumSet<PosixFilePermission> OTHERS = EnumSet.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);

  private final Optional<Path> folder;
  private final long mostBytes;
  private boolean refused;

  /**
   * A cache.
   *
   * @param folder is made when something is written; empty: nothing is kept
   * @param mostBytes of all files together; those that were not used for longest go first
   */
  CodeCache(Optional<Path> folder, long mostBytes) {
    this.folder = folder;
    this.mostBytes = mostBytes;
  }

  /** The cache that the property, else the variable names, else that of the user. */
  static CodeCache standard() {
    String named = System.getProperty(PROPERTY, System.getenv(VARIABLE));
    return new CodeCache(folder(named, System.getenv("XDG_CACHE_HOME"), System.getProperty("user.home")), MOST_BYTES);
  }

  static Optional<Path> folder(@Nullable String named, @Nullable String caches, String home) {
    if (named != null && !named.isBlank()) {
      return named.equals(OFF) ? Optional.empty() : Optional.of(Path.of(named).toAbsolutePath());
    }
    Path root = caches == null || caches.isBlank() ? Path.of(home, ".cache") : Path.of(caches);
    return Optional.of(root.resolve("jebena").resolve("cuda").toAbsolutePath());
  }

  /** Whether anything may be kept. */
  boolean isOn() {
    return folder.isPresent() && !refused;
  }

  /** For people: where code is kept, and how much there is. */
  String describe() {
    if (folder.isEmpty()) {
      return "not kept (" + PROPERTY + " is " + OFF + ")";
    }
    Path path = folder.get();
    List<Kept> files;
    try {
      files = files(path);
    } catch (IOException e) {
      files = List.of();
    }
    return String.format(
        Locale.ROOT, "kept in %s: %d kernels, %.1f of at most %d MiB; %s names another folder, or %s", path, files.size(),
        files.stream().mapToLong(Kept::bytes).sum() / (double) (1 << 20), mostBytes >> 20, VARIABLE, OFF);
  }

  /** What code is made of, and for. */
  record Key(byte[] hash) {

    /**
     * The key of a kernel's code.
     *
     * @param driverVersion as the driver says it, 12060 for 12.6
     */
    static Key of(byte[] ptx, int computeCapability, int driverVersion) {
      MessageDigest digest = sha256();
      digest.update((computeCapability + " " + driverVersion + "\n").getBytes(StandardCharsets.US_ASCII));
      return new Key(digest.digest(ptx));
    }

    private String file() {
      return HexFormat.of().formatHex(hash) + SUFFIX;
    }
  }

  /** The code of a key, if it is there and whole. */
  Optional<byte[]> find(Key key) {
    if (!isOn()) {
      return Optional.empty();
    }
    Path file = folder.orElseThrow().resolve(key.file());
    try {
      if (!Files.isRegularFile(file) || !belongsToUs(folder.orElseThrow())) {
        return Optional.empty();
      }
      byte[] content = Files.size(file) > mostBytes ? new byte[0] : Files.readAllBytes(file);
      if (content.length <= HEAD_BYTES || !Arrays.equals(content, 0, MAGIC.length, MAGIC, 0, MAGIC.length)
          || !Arrays.equals(content, MAGIC.length, MAGIC.length + HASH_BYTES, key.hash(), 0, HASH_BYTES)) {
        return Optional.empty();
      }
      byte[] code = Arrays.copyOfRange(content, HEAD_BYTES, content.length);
      if (!Arrays.equals(content, MAGIC.length + HASH_BYTES, HEAD_BYTES, sha256().digest(code), 0, HASH_BYTES)) {
        return Optional.empty();
      }
      Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
      return Optional.of(code);
    } catch (IOException | UnsupportedOperationException e) {
      return Optional.empty();
    }
  }

  /** Keeps code. Where that fails, the next start compiles again: a line in the log says why, once. */
  void keep(Key key, byte[] code) {
    if (!isOn() || code.length == 0 || HEAD_BYTES + code.length > mostBytes) {
      return;
    }
    Path path = folder.orElseThrow();
    try {
      Files.createDirectories(path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      if (!belongsToUs(path)) {
        throw new IOException("it belongs to another user, or others may write to it");
      }
      byte[] content = new byte[HEAD_BYTES + code.length];
      System.arraycopy(MAGIC, 0, content, 0, MAGIC.length);
      System.arraycopy(key.hash(), 0, content, MAGIC.length, HASH_BYTES);
      System.arraycopy(sha256().digest(code), 0, content, MAGIC.length + HASH_BYTES, HASH_BYTES);
      System.arraycopy(code, 0, content, HEAD_BYTES, code.length);
      Path beside = Files.createTempFile(path, "new", ".part");
      try {
        Files.write(beside, content);
        Files.move(beside, path.resolve(key.file()), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(beside);
      }
      trim(path);
    } catch (IOException | UnsupportedOperationException e) {
      refused = true;
      System.getLogger(CodeCache.class.getName()).log(
          System.Logger.Level.WARNING, "compiled kernels are not kept in {0}: {1}; set {2} to another folder or to {3}", path, e.getMessage(), VARIABLE, OFF);
    }
  }

  /** Code that the driver did not take. */
  void drop(Key key) {
    try {
      if (isOn()) {
        Files.deleteIfExists(folder.orElseThrow().resolve(key.file()));
      }
    } catch (IOException e) {
      System.getLogger(CodeCache.class.getName()).log(System.Logger.Level.DEBUG, "not deleted", e);
    }
  }

  private static boolean belongsToUs(Path path) throws IOException {
    PosixFileAttributes attributes = Files.readAttributes(path, PosixFileAttributes.class);
    Path self = Path.of("/proc/self");
    boolean ours = !Files.exists(self) || Files.getOwner(self).equals(attributes.owner());
    return ours && attributes.permissions().stream().noneMatch(OTHERS::contains);
  }

  private record Kept(Path path, long bytes, FileTime used) {}

  private static List<Kept> files(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    List<Kept> kept = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(each -> each.toString().endsWith(SUFFIX)).toList()) {
        try {
          kept.add(new Kept(file, Files.size(file), Files.getLastModifiedTime(file)));
        } catch (IOException e) {
          System.getLogger(CodeCache.class.getName()).log(System.Logger.Level.DEBUG, "another process has deleted it", e);
        }
      }
    }
    return kept;
  }

  private void trim(Path folder) throws IOException {
    List<Kept> files = new ArrayList<>(files(folder));
    files.sort(Comparator.comparing(Kept::used));
    long bytes = files.stream().mapToLong(Kept::bytes).sum();
    for (Kept file : files) {
      if (bytes <= mostBytes) {
        return;
      }
      Files.deleteIfExists(file.path());
      bytes -= file.bytes();
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
