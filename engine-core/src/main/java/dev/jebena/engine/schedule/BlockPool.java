package dev.jebena.engine.schedule;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Hands out block ids. Blocks are counted by how many sequences hold them; a block that nobody holds is free, but while it keeps its name
 * it can be found again, until it is the least recently used free block and somebody needs one. Block 0, the null block, is never handed
 * out. The bytes behind the ids belong to the backend.
 *
 * <p>Free blocks stand in a list linked through two arrays: nameless ones at its head, as there is nothing to lose in them, named ones in
 * the order in which they became free. Nothing is allocated but the names.
 */
public final class BlockPool {

  private static final int NONE = -1;

  /** Stands for the list's both ends; as block 0 is never free, its links are there to be used. */
  private static final int ENDS = 0;

  private final int[] holders;
  private final int[] previous;
  private final int[] next;
  private final @Nullable BlockHash[] names;
  private final Map<BlockHash, Integer> byName = new HashMap<>();
  private int freeBlocks;

  /** A pool of {@code blocks} blocks, the null block included. */
  public BlockPool(int blocks) {
    if (blocks < 2) {
      throw new IllegalArgumentException("a pool of " + blocks + " blocks: at least 2 are needed, as block 0 is the null block");
    }
    holders = new int[blocks];
    previous = new int[blocks];
    next = new int[blocks];
    names = new BlockHash[blocks];
    for (int block = 1; block < blocks; block++) {
      linkBefore(ENDS, block);
    }
  }

  /** Blocks that can be handed out, in use or not. */
  public int blocks() {
    return holders.length - 1;
  }

  /** Blocks that nobody holds, named ones included. */
  public int freeBlocks() {
    return freeBlocks;
  }

  /** Takes the free block that will be missed least; it loses its name. */
  int take() {
    int block = next[ENDS];
    if (block == ENDS) {
      throw new IllegalStateException("no block is free of " + blocks());
    }
    unlink(block);
    forgetName(block);
    holders[block] = 1;
    return block;
  }

  /** One more sequence holds the block, which may have been free. */
  void hold(int block) {
    if (holders[block]++ == 0) {
      unlink(block);
    }
  }

  /** One sequence less holds the block. */
  void release(int block) {
    if (holders[block] <= 0) {
      throw new IllegalStateException("block " + block + " is released by somebody who does not hold it");
    }
    if (--holders[block] == 0) {
      linkBefore(names[block] == null ? next[ENDS] : ENDS, block);
    }
  }

  /** Whether nobody holds the block. */
  boolean isFree(int block) {
    return holders[block] == 0;
  }

  /** The block of that name, or -1. */
  int find(BlockHash name) {
    Integer block = byName.get(name);
    return block == null ? NONE : block;
  }

  /** Names a held block whose tokens are all computed; does nothing if another block has the name. */
  void name(int block, BlockHash name) {
    if (names[block] == null && byName.putIfAbsent(name, block) == null) {
      names[block] = name;
    }
  }

  private void forgetName(int block) {
    BlockHash name = names[block];
    if (name != null) {
      byName.remove(name);
      names[block] = null;
    }
  }

  private void linkBefore(int successor, int block) {
    int predecessor = previous[successor];
    previous[block] = predecessor;
    next[block] = successor;
    next[predecessor] = block;
    previous[successor] = block;
    freeBlocks++;
  }

  private void unlink(int block) {
    next[previous[block]] = next[block];
    previous[next[block]] = previous[block];
    freeBlocks--;
  }

  /**
   * Checks that no block is lost or held twice.
   *
   * @param expectedHolders how many sequences hold each block, by id
   * @throws IllegalStateException naming the block that is wrong
   */
  void checkIntegrity(int[] expectedHolders) {
    boolean[] listed = new boolean[holders.length];
    int count = 0;
    for (int block = next[ENDS]; block != ENDS; block = next[block]) {
      require(!listed[block], block, "is twice in the free list");
      require(previous[next[block]] == block, block, "is linked in one direction only");
      listed[block] = true;
      count++;
    }
    require(count == freeBlocks, count, "blocks are in the free list, but " + freeBlocks + " are counted");
    int named = 0;
    for (int block = 1; block < holders.length; block++) {
      require(
          holders[block] == expectedHolders[block],
          block,
          "is held " + expectedHolders[block] + " times, but " + holders[block] + " are counted");
      require(listed[block] == (holders[block] == 0), block, "held " + holders[block] + " times, in the free list: " + listed[block]);
      BlockHash name = names[block];
      if (name != null) {
        require(Integer.valueOf(block).equals(byName.get(name)), block, "has a name that finds another");
        named++;
      }
    }
    require(holders[0] == 0 && !listed[0], 0, "is the null block and was handed out");
    require(named == byName.size(), named, "blocks have names, but " + byName.size() + " names are known");
  }

  private static void require(boolean condition, int block, String what) {
    if (!condition) {
      throw new IllegalStateException("block " + block + " " + what);
    }
  }

  @Override
  public String toString() {
    return freeBlocks + " of " + blocks() + " blocks free, holders " + Arrays.toString(holders);
  }
}
