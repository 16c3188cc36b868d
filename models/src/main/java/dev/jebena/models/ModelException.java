package dev.jebena.models;

import java.nio.file.Path;
import java.util.OptionalLong;

/** A model's file cannot be read or used; the message names file, offset, value, limit and remedy, as far as each applies. */
public final class ModelException extends RuntimeException {

  private static final long serialVersionUID = 1L;
  private static final long NO_OFFSET = -1;

  private final String file;
  private final long offset;

  /** A problem with the file as a whole. */
  public ModelException(Path file, String problem) {
    super(file + ": " + problem);
    this.file = file.toString();
    this.offset = NO_OFFSET;
  }

  /** A problem with the file as a whole that something else reported first. */
  public ModelException(Path file, String problem, Throwable cause) {
    super(file + ": " + problem, cause);
    this.file = file.toString();
    this.offset = NO_OFFSET;
  }

  /** A problem at byte {@code offset} of the file. */
  public ModelException(Path file, long offset, String problem) {
    super(file + ", at byte " + offset + ": " + problem);
    this.file = file.toString();
    this.offset = offset;
  }

  /** The file or folder. */
  public Path file() {
    return Path.of(file);
  }

  /** The byte from the file's beginning where the problem lies; empty if it has no one place. */
  public OptionalLong offset() {
    return offset == NO_OFFSET ? OptionalLong.empty() : OptionalLong.of(offset);
  }
}
