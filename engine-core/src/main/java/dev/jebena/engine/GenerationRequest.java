package dev.jebena.engine;

import dev.jebena.engine.sampling.SamplingParameters;
import dev.jebena.tokenizer.DecodeOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;

/**
 * What to generate. What depends on the model (vocabulary, context) is checked when it is submitted.
 *
 * @param id names the request in logs and events
 * @param ending when it ends
 * @param output what comes back
 * @param cacheSalt requests share cached prefixes only with those of the same salt
 */
public record GenerationRequest(
    String id, Prompt prompt, SamplingParameters sampling, Ending ending, Output output, Optional<String> cacheSalt) {

  /** The most stop strings of a request. */
  public static final int MAX_STOP_STRINGS = 64;

  /** The most characters of a stop string. */
  public static final int MAX_STOP_CHARACTERS = 1024;

  /** The most stop ids of a request. */
  public static final int MAX_STOP_IDS = 1024;

  /** The most alternatives that may be asked for with each token. */
  public static final int MAX_LOGPROBS = 1024;

  /** What becomes of the model's end-of-sequence tokens. */
  public enum EndOfSequence {
    ENDS,
    IGNORED
  }

  /** Whether the stop string, or the text of the stop token, is part of the completion's text. */
  public enum StopText {
    LEFT_OUT,
    INCLUDED
  }

  /**
   * When a generation ends.
   *
   * @param maxTokens the most tokens to sample; empty: until the context is full; 0 only scores the prompt
   * @param minTokens tokens before which no end-of-sequence token or stop id is sampled and no stop string is looked for
   * @param stopStrings end the completion where the first of them is complete
   * @param stopIds end it when sampled
   * @param endOfSequence what becomes of the model's end-of-sequence tokens
   */
  public record Ending(
      OptionalInt maxTokens, int minTokens, List<String> stopStrings, Set<Integer> stopIds, EndOfSequence endOfSequence) {

    public Ending {
      stopStrings = List.copyOf(stopStrings);
      stopIds = Set.copyOf(stopIds);
      if (maxTokens.isPresent() && maxTokens.getAsInt() < 0) {
        throw new RequestException("maxTokens", "maxTokens is " + maxTokens.getAsInt() + ": use 0 or more");
      }
      if (minTokens < 0 || minTokens > maxTokens.orElse(Integer.MAX_VALUE)) {
        throw new RequestException(
            "minTokens", "minTokens is " + minTokens + ": use a number from 0 to maxTokens (" + maxTokens.orElse(Integer.MAX_VALUE) + ")");
      }
      if (stopStrings.size() > MAX_STOP_STRINGS || stopIds.size() > MAX_STOP_IDS) {
        throw new RequestException(
            "stop",
            "there are " + stopStrings.size() + " stop strings and " + stopIds.size() + " stop ids: use at most " + MAX_STOP_STRINGS
                + " and " + MAX_STOP_IDS);
      }
      for (String stop : stopStrings) {
        if (stop.isEmpty() || stop.length() > MAX_STOP_CHARACTERS) {
          throw new RequestException(
              "stop", "a stop string has " + stop.length() + " characters: use 1 to " + MAX_STOP_CHARACTERS);
        }
      }
    }
  }

  /**
   * What comes back.
   *
   * @param logprobs log-probabilities of the tokens sampled, and of so many alternatives; empty: none
   * @param promptLogprobs the same for the tokens of the prompt
   * @param stopText whether what stopped it is part of the text
   * @param specials whether special tokens are part of the text
   */
  public record Output(OptionalInt logprobs, OptionalInt promptLogprobs, StopText stopText, DecodeOptions specials) {

    public Output {
      requireCount("logprobs", logprobs);
      requireCount("promptLogprobs", promptLogprobs);
    }

    private static void requireCount(String field, OptionalInt count) {
      if (count.isPresent() && (count.getAsInt() < 0 || count.getAsInt() > MAX_LOGPROBS)) {
        throw new RequestException(field, field + " is " + count.getAsInt() + ": use a number from 0 to " + MAX_LOGPROBS);
      }
    }
  }

  /** A request for the continuation of {@code prompt}; greedy and without limits unless the builder is told otherwise. */
  public static Builder builder(Prompt prompt) {
    return new Builder(prompt);
  }

  /** Collects what a request says. */
  public static final class Builder {

    private final Prompt prompt;
    private Optional<String> id = Optional.empty();
    private SamplingParameters sampling = SamplingParameters.GREEDY;
    private OptionalInt maxTokens = OptionalInt.empty();
    private int minTokens;
    private final List<String> stopStrings = new ArrayList<>();
    private final Set<Integer> stopIds = new TreeSet<>();
    private EndOfSequence endOfSequence = EndOfSequence.ENDS;
    private OptionalInt logprobs = OptionalInt.empty();
    private OptionalInt promptLogprobs = OptionalInt.empty();
    private StopText stopText = StopText.LEFT_OUT;
    private DecodeOptions specials = DecodeOptions.AS_CONFIGURED;
    private Optional<String> cacheSalt = Optional.empty();

    private Builder(Prompt prompt) {
      this.prompt = prompt;
    }

    /** Names the request; a random id otherwise. */
    public Builder id(String value) {
      id = Optional.of(value);
      return this;
    }

    public Builder sampling(SamplingParameters value) {
      sampling = value;
      return this;
    }

    /** The most tokens to sample; 0 only scores the prompt. */
    public Builder maxTokens(int value) {
      maxTokens = OptionalInt.of(value);
      return this;
    }

    /** Tokens before which it does not stop. */
    public Builder minTokens(int value) {
      minTokens = value;
      return this;
    }

    /** Adds stop strings. */
    public Builder stop(String... values) {
      stopStrings.addAll(List.of(values));
      return this;
    }

    /** Adds stop strings. */
    public Builder stop(List<String> values) {
      stopStrings.addAll(values);
      return this;
    }

    /** Adds stop ids. */
    public Builder stopIds(int... values) {
      for (int value : values) {
        stopIds.add(value);
      }
      return this;
    }

    /** The model's end-of-sequence tokens do not end the generation. */
    public Builder ignoreEos() {
      endOfSequence = EndOfSequence.IGNORED;
      return this;
    }

    /** Asks for log-probabilities of the tokens sampled and of {@code alternatives} most likely ones. */
    public Builder logprobs(int alternatives) {
      logprobs = OptionalInt.of(alternatives);
      return this;
    }

    /** Asks for log-probabilities of the prompt's tokens and of {@code alternatives} most likely ones. */
    public Builder promptLogprobs(int alternatives) {
      promptLogprobs = OptionalInt.of(alternatives);
      return this;
    }

    /** The stop string, or the stop token's text, becomes part of the completion. */
    public Builder includeStop() {
      stopText = StopText.INCLUDED;
      return this;
    }

    /** Special tokens become part of the text; they are left out otherwise. */
    public Builder keepSpecials() {
      specials = DecodeOptions.KEEP_SPECIALS_AS_CONFIGURED;
      return this;
    }

    /** Cached prefixes are shared only with requests of the same salt. */
    public Builder cacheSalt(String value) {
      cacheSalt = Optional.of(value);
      return this;
    }

    /**
     * The request.
     *
     * @throws RequestException naming the field that is out of range
     */
    public GenerationRequest build() {
      return new GenerationRequest(
          id.orElseGet(() -> UUID.randomUUID().toString()),
          prompt,
          sampling,
          new Ending(maxTokens, minTokens, stopStrings, stopIds, endOfSequence),
          new Output(logprobs, promptLogprobs, stopText, specials),
          cacheSalt);
    }
  }
}
