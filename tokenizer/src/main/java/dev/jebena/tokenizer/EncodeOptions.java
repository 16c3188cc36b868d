package dev.jebena.tokenizer;

/**
 * How a text is encoded.
 *
 * @param addition whether the tokens that the model's post-processor adds (beginning of sequence and so on) are added
 * @param specials whether special tokens written in the text become their ids or are encoded as ordinary text
 */
public record EncodeOptions(Addition addition, Specials specials) {

  /** Specials are added, those in the text are parsed: what a raw prompt expects. */
  public static final EncodeOptions PROMPT = new EncodeOptions(Addition.ADD, Specials.PARSE);

  /** Nothing is added, specials in the text are parsed: what a rendered chat template expects. */
  public static final EncodeOptions TEMPLATE = new EncodeOptions(Addition.NONE, Specials.PARSE);

  /** Nothing is added and nothing is special: what untrusted text expects. */
  public static final EncodeOptions PLAIN = new EncodeOptions(Addition.NONE, Specials.AS_TEXT);

  /** Whether special tokens are added around the text. */
  public enum Addition {
    ADD,
    NONE
  }

  /** What becomes of special tokens that are written in the text. */
  public enum Specials {
    PARSE,
    AS_TEXT
  }
}
