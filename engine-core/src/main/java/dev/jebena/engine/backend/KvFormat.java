package dev.jebena.engine.backend;

/**
 * How the KV cache is stored.
 *
 * @param type element type
 * @param blockTokens tokens a block holds
 */
public record KvFormat(KvType type, int blockTokens) {

  public KvFormat {
    if (blockTokens < 1 || blockTokens > 1024) {
      throw new IllegalArgumentException("a KV block of " + blockTokens + " tokens: use 1 to 1024");
    }
  }
}
