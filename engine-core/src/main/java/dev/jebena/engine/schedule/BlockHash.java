package dev.jebena.engine.schedule;

import java.nio.ByteBuffer;

/**
 * The name of a full block of tokens and of all that stands before it: 32 bytes of SHA-256, kept as four big-endian words so that it is
 * compared without an array.
 */
public record BlockHash(long word0, long word1, long word2, long word3) {

  /** Bytes of a hash. */
  public static final int BYTES = 32;

  static BlockHash of(byte[] digest) {
    ByteBuffer buffer = ByteBuffer.wrap(digest);
    return new BlockHash(buffer.getLong(), buffer.getLong(), buffer.getLong(), buffer.getLong());
  }

  void putInto(ByteBuffer target) {
    target.putLong(word0).putLong(word1).putLong(word2).putLong(word3);
  }

  /** The digest. */
  public byte[] bytes() {
    byte[] bytes = new byte[BYTES];
    putInto(ByteBuffer.wrap(bytes));
    return bytes;
  }

  /** The words are as good as random: one of them is a hash code. */
  @Override
  public int hashCode() {
    return Long.hashCode(word3);
  }
}
