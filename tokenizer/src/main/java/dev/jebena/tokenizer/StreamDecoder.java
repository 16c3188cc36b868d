package dev.jebena.tokenizer;

/**
 * Decodes one stream of ids piece by piece; the pieces put together are what {@link Tokenizer#decode} gives for all ids. Not for
 * use by several threads at once.
 */
public interface StreamDecoder {

  /** Takes the next id and returns the text that became certain, often empty: never half a character. */
  String append(int id);

  /** Ends the stream and returns what was held back; an unfinished character becomes U+FFFD. */
  String finish();
}
