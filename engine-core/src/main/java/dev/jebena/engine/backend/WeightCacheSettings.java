package dev.jebena.engine.backend;

import java.nio.file.Path;

/**
 * Where a backend may keep weights as its kernels want them, so that the next process need not repack them.
 *
 * @param folder is made if it does not exist; belongs to the cache alone
 * @param mostBytes of all files together; the ones that were not used for longest go first
 */
public record WeightCacheSettings(Path folder, long mostBytes) {

  /** What the files may take unless somebody says otherwise. */
  public static final long DEFAULT_MOST_BYTES = 16L << 30;

  public WeightCacheSettings {
    if (mostBytes < 1) {
      throw new IllegalArgumentException("a weight cache of " + mostBytes + " bytes: it must be positive");
    }
  }
}
