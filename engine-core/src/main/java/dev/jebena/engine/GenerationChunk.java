package dev.jebena.engine;

import java.util.List;

/**
 * What came since the chunk before.
 *
 * <p>Text lags behind tokens: half a character and whatever could begin a stop string are held back. The texts of all chunks together
 * are the completion.
 *
 * @param text the text that became certain; may be empty
 * @param tokens the tokens sampled, in order; empty only for a last chunk that brings text held back
 */
public record GenerationChunk(String text, List<GeneratedToken> tokens) {

  public GenerationChunk {
    tokens = List.copyOf(tokens);
  }
}
