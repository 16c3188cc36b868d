package dev.jebena.models.file;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;

/** A file as read-only memory, from {@link FileMappings#map} until it is closed; closing it twice does no harm. */
public final class MappedFile implements AutoCloseable {

  private final Path path;
  private final MemorySegment memory;
  private final Arena arena;
  private final FileMappings mappings;
  private final AtomicBoolean closed = new AtomicBoolean();

  MappedFile(Path path, MemorySegment memory, Arena arena, FileMappings mappings) {
    this.path = path;
    this.memory = memory;
    this.arena = arena;
    this.mappings = mappings;
  }

  public Path path() {
    return path;
  }

  /** The whole file; any access after {@link #close()} throws {@link IllegalStateException}. */
  public MemorySegment memory() {
    return memory;
  }

  public long byteSize() {
    return memory.byteSize();
  }

  @Override
  public void close() {
    if (!closed.getAndSet(true)) {
      arena.close();
      mappings.closed(memory.byteSize());
    }
  }
}
