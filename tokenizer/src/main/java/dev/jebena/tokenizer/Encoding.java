package dev.jebena.tokenizer;

/**
 * An encoded text or pair of texts: for each token what it is and where it comes from.
 *
 * @param ids token ids
 * @param starts where in its text each token begins, as UTF-16 indices of the Java string; 0 for tokens that were added
 * @param ends where in its text each token ends, exclusive; 0 for tokens that were added
 * @param typeIds the segment that a pair-wise model (BERT) is told for each token
 * @param texts which text each token comes from, 0 or 1; -1 for tokens that were added
 */
public record Encoding(int[] ids, int[] starts, int[] ends, int[] typeIds, int[] texts) {

  public Encoding {
    if (starts.length != ids.length || ends.length != ids.length || typeIds.length != ids.length || texts.length != ids.length) {
      throw new IllegalArgumentException(
          "an encoding of " + ids.length + " tokens has " + starts.length + " starts, " + ends.length + " ends, " + typeIds.length
              + " type ids and " + texts.length + " texts: all must be equal");
    }
  }

  /** Number of tokens. */
  public int size() {
    return ids.length;
  }
}
