package dev.jebena.models.file;

import dev.jebena.models.ModelException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Maps files into memory, read-only, and counts what is mapped. Safe for use by several threads. */
public final class FileMappings {

  private final AtomicInteger openFiles = new AtomicInteger();
  private final AtomicLong mappedBytes = new AtomicLong();

  /**
   * Maps a whole file. The memory is that of the page cache; nothing is read until it is touched.
   *
   * @throws ModelException if it is not a regular file that can be read and mapped
   */
  @SuppressWarnings("MustBeClosedChecker") // the arena is closed with the file that it maps
  public MappedFile map(Path path) {
    if (Files.isDirectory(path)) {
      throw new ModelException(path, "is a folder: a file is needed");
    }
    if (!Files.exists(path)) {
      throw new ModelException(path, "does not exist: check the path");
    }
    if (!Files.isRegularFile(path)) {
      throw new ModelException(path, "is not a regular file: it cannot be mapped into memory, copy it into a file");
    }
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      MemorySegment memory = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      openFiles.incrementAndGet();
      mappedBytes.addAndGet(memory.byteSize());
      return new MappedFile(path, memory, arena, this);
    } catch (IOException problem) {
      arena.close();
      throw new ModelException(path, "cannot be mapped into memory (" + problem + "): check permissions and address space", problem);
    }
  }

  /** Files mapped now; zero when everything was closed. */
  public int openFiles() {
    return openFiles.get();
  }

  /** Bytes mapped now. */
  public long mappedBytes() {
    return mappedBytes.get();
  }

  void closed(long bytes) {
    openFiles.decrementAndGet();
    mappedBytes.addAndGet(-bytes);
  }
}
