package dev.jebena.tokenizer;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Text to token ids and back, exactly as the model's reference implementation does it.
 *
 * <p>Implementations are immutable and safe for use by any number of threads.
 */
public interface Tokenizer {

  /**
   * Encodes a text.
   *
   * @param text any string, unpaired surrogates included (they encode as U+FFFD)
   * @param options whether special tokens are added and whether those written in the text are parsed
   * @return the token ids, in order
   * @throws TokenizerException if the vocabulary cannot represent the text and has no unknown token
   */
  int[] encode(String text, EncodeOptions options);

  /**
   * Encodes texts one after another in the calling thread; callers that want more threads share the tokenizer among them.
   *
   * @throws TokenizerException as {@link #encode} does
   */
  default List<int[]> encodeAll(List<String> texts, EncodeOptions options) {
    return texts.stream().map(text -> encode(text, options)).toList();
  }

  /**
   * Encodes a text and says where in it each token comes from.
   *
   * @throws TokenizerException as {@link #encode} does; if this kind of tokenizer knows no offsets; if not even the tokens that are added
   *     fit into {@code truncation}
   */
  default Encoding encodeWithOffsets(String text, EncodeOptions options, Truncation truncation) {
    throw new TokenizerException("this kind of tokenizer gives no offsets");
  }

  /**
   * Encodes two texts as one input, as a model that compares them expects it.
   *
   * @throws TokenizerException as {@link #encodeWithOffsets} does; if the tokenizer does not say how pairs are put together
   */
  default Encoding encodePair(String first, String second, EncodeOptions options, Truncation truncation) {
    throw new TokenizerException("this kind of tokenizer encodes no pairs");
  }

  /**
   * Decodes ids into text. Invalid UTF-8 sequences decode as U+FFFD.
   *
   * @param ids token ids, each in {@code [0, vocabularySize)}
   * @param options whether special tokens are kept
   * @throws TokenizerException naming the id and the vocabulary size if an id is out of range
   */
  String decode(int[] ids, DecodeOptions options);

  /** Returns a new decoder for one stream of ids; it never emits half a character. */
  StreamDecoder streamDecoder(DecodeOptions options);

  /** Number of ids; every valid id is smaller. */
  int vocabularySize();

  /** The text of one token as the vocabulary spells it (for example {@code "Ġthe"}), empty if the id is unused. */
  Optional<String> tokenText(int id);

  /** The id that the vocabulary gives to exactly this spelling, special and added tokens included. */
  OptionalInt tokenId(String tokenText);

  /**
   * The bytes that this token contributes to a decoded text; empty for special tokens. Needed by grammars and by logprobs, whose
   * tokens may be parts of characters.
   */
  byte[] tokenBytes(int id);

  /** Whether this id is a control token that is dropped from decoded text unless asked for. */
  boolean isSpecial(int id);

  /** The ids that stand for the beginning and the end of a text, where the vocabulary has them. */
  SpecialTokens specialTokens();
}
