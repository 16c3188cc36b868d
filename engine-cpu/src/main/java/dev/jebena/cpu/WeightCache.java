package dev.jebena.cpu;

import dev.jebena.engine.backend.WeightCacheSettings;
import dev.jebena.engine.weight.WeightSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/**
 * Repacked weights in files, one for each model and layout. A file's name is a hash of what it was made from; its content is checked before
 * it is used, and what is damaged is deleted. A file gets its name when it is whole, so that processes may share a folder.
 *
 * <p>A file: magic, bytes of data, a checksum (CRC-32C) of each {@value #CHUNK_BYTES} bytes of data, then, on a border of {@value
 * #BORDER_BYTES} bytes, the data.
 */
final class WeightCache {

  /** Changes whenever the same weights would be packed otherwise. */
  private static final int LAYOUT_VERSION = 4;

  private static final System.Logger LOG = System.getLogger(WeightCache.class.getName());
  private static final long MAGIC = 0x3154574142454AL; // "JEBAWT1", first byte lowest
  private static final int CHUNK_BYTES = 4 << 20;
  private static final int BORDER_BYTES = 4096;
  private static final int FIXED_BYTES = 16;
  private static final String ENDING = ".weights";
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final WeightCacheSettings settings;
  private final Team team;
  private final Clock clock;

  WeightCache(WeightCacheSettings settings, Team team, Clock clock) {
    this.settings = settings;
    this.team = team;
    this.clock = clock;
  }

  /**
   * The file for some weights.
   *
   * @param identity tells the source's content from any other
   * @param matrices what is packed, in order
   */
  Path file(String identity, Collection<WeightSpec> matrices) {
    StringBuilder text = new StringBuilder("layout ").append(LAYOUT_VERSION).append(", groups of ").append(PackedFormat.GROUP_ROWS);
    text.append(" rows, ").append(identity);
    for (WeightSpec spec : matrices) {
      text.append('\n').append(spec);
    }
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.toString().getBytes(StandardCharsets.UTF_8));
      return settings.folder().resolve(HexFormat.of().formatHex(hash) + ENDING);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /**
   * Maps a file's data, read-only, until the arena closes; empty if there is none that is whole.
   *
   * @param bytes that it has to hold
   */
  Optional<MemorySegment> find(Path file, long bytes, Arena arena) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long dataAt = dataAt(bytes);
      if (channel.size() != dataAt + bytes) {
        return discarded(file, "has " + channel.size() + " bytes instead of " + (dataAt + bytes));
      }
      MemorySegment all = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      if (all.get(LONG, 0) != MAGIC || all.get(LONG, 8) != bytes) {
        return discarded(file, "does not begin as it should");
      }
      MemorySegment data = all.asSlice(dataAt);
      AtomicBoolean whole = new AtomicBoolean(true);
      forEachChunk(bytes, chunk -> {
        if (checksum(data, chunk) != all.get(INT, FIXED_BYTES + 4L * chunk)) {
          whole.set(false);
        }
      });
      if (!whole.get()) {
        return discarded(file, "does not have the checksums that it names");
      }
      touch(file);
      return Optional.of(data);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      return discarded(file, "cannot be read (" + e + ")");
    }
  }

  private void touch(Path file) {
    try {
      Files.setLastModifiedTime(file, FileTime.from(clock.instant()));
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "the folder of the weight cache may be read only", e);
    }
  }

  private static Optional<MemorySegment> discarded(Path file, String why) {
    LOG.log(System.Logger.Level.WARNING, "the cached weights {0} are discarded: the file {1}", file, why);
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "and cannot be deleted: " + e);
    }
    return Optional.empty();
  }

  /** Writes a file and makes room for it. Where that cannot be done the log says so, and nothing else happens. */
  void store(Path file, MemorySegment data) {
    long dataAt = dataAt(data.byteSize());
    if (dataAt + data.byteSize() > settings.mostBytes()) {
      LOG.log(System.Logger.Level.WARNING, "weights of {0} bytes do not fit into a weight cache of {1}", data.byteSize(), settings.mostBytes());
      return;
    }
    try (Arena arena = Arena.ofShared()) {
      Files.createDirectories(settings.folder());
      makeRoom(dataAt + data.byteSize());
      Path unfinished = Files.createTempFile(settings.folder(), "new", ".part");
      try {
        MemorySegment head = arena.allocate(dataAt, Long.BYTES);
        head.set(LONG, 0, MAGIC);
        head.set(LONG, 8, data.byteSize());
        forEachChunk(data.byteSize(), chunk -> head.set(INT, FIXED_BYTES + 4L * chunk, checksum(data, chunk)));
        try (FileChannel channel = FileChannel.open(unfinished, StandardOpenOption.WRITE)) {
          write(channel, head);
          write(channel, data);
        }
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(unfinished);
      }
    } catch (IOException | UncheckedIOException e) {
      LOG.log(System.Logger.Level.WARNING, "the weights are not kept in " + settings.folder() + ": " + e);
    }
  }

  private static void write(FileChannel channel, MemorySegment memory) throws IOException {
    for (long at = 0; at < memory.byteSize(); at += CHUNK_BYTES) {
      ByteBuffer part = memory.asSlice(at, Math.min(CHUNK_BYTES, memory.byteSize() - at)).asByteBuffer();
      while (part.hasRemaining()) {
        channel.write(part);
      }
    }
  }

  /** A file and what is known of it. */
  private record Entry(Path path, long bytes, FileTime used) {}

  private void makeRoom(long bytes) throws IOException {
    List<Entry> entries = new ArrayList<>();
    try (Stream<Path> files = Files.list(settings.folder())) {
      for (Path path : files.filter(each -> each.toString().endsWith(ENDING)).toList()) {
        entries.add(new Entry(path, Files.size(path), Files.getLastModifiedTime(path)));
      }
    }
    entries.sort(Comparator.comparing(Entry::used));
    long held = entries.stream().mapToLong(Entry::bytes).sum();
    for (Entry entry : entries) {
      if (held + bytes <= settings.mostBytes()) {
        return;
      }
      // who has it mapped keeps it
      Files.deleteIfExists(entry.path);
      held -= entry.bytes;
    }
  }

  private static long dataAt(long bytes) {
    long head = FIXED_BYTES + 4L * chunks(bytes);
    return (head + BORDER_BYTES - 1) / BORDER_BYTES * BORDER_BYTES;
  }

  private static int chunks(long bytes) {
    return Math.toIntExact((bytes + CHUNK_BYTES - 1) / CHUNK_BYTES);
  }

  private static int checksum(MemorySegment data, int chunk) {
    long at = (long) chunk * CHUNK_BYTES;
    CRC32C checksum = new CRC32C();
    checksum.update(data.asSlice(at, Math.min(CHUNK_BYTES, data.byteSize() - at)).asByteBuffer());
    return (int) checksum.getValue();
  }

  /** What is done to one chunk of the data. */
  @FunctionalInterface
  private interface ChunkWork {
    void run(int chunk);
  }

  private void forEachChunk(long bytes, ChunkWork work) {
    team.run(new Team.Stage() {
      @Override
      public int chunks() {
        return WeightCache.chunks(bytes);
      }

      @Override
      public void run(int from, int to, int worker) {
        for (int chunk = from; chunk < to; chunk++) {
          work.run(chunk);
        }
      }
    });
  }
}
