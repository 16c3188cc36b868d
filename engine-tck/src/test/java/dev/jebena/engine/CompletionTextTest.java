package dev.jebena.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.engine.tck.fake.FakeTokenizer;
import dev.jebena.tokenizer.DecodeOptions;
import dev.jebena.tokenizer.StreamDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class CompletionTextTest {

  private static final long SEED = Long.getLong("jebena.seed", System.nanoTime());
  private static final int ROUNDS = 50_000;

  /** Token i is the i-th piece. */
  private record Pieces(List<String> pieces) implements StreamDecoder {

    @Override
    public String append(int id) {
      return pieces.get(id);
    }

    @Override
    public String finish() {
      return "";
    }
  }

  /** Looks at the whole text after every character. */
  private record Naive(String text, Optional<String> stop) {

    static Naive of(List<String> pieces, GenerationRequest request) {
      StringBuilder text = new StringBuilder();
      for (int token = 0; token < pieces.size(); token++) {
        for (char character : pieces.get(token).toCharArray()) {
          text.append(character);
          if (token >= request.ending().minTokens()) {
            String longest = "";
            for (String stop : request.ending().stopStrings()) {
              if (text.toString().endsWith(stop) && stop.length() > longest.length()) {
                longest = stop;
              }
            }
            if (!longest.isEmpty()) {
              boolean included = request.output().stopText() == GenerationRequest.StopText.INCLUDED;
              return new Naive(text.substring(0, text.length() - (included ? 0 : longest.length())), Optional.of(longest));
            }
          }
        }
      }
      return new Naive(text.toString(), Optional.empty());
    }
  }

  @Test
  void findsWhatASearchOfTheWholeTextFinds() {
    System.out.println("CompletionTextTest: -Djebena.seed=" + SEED);
    SplittableRandom random = new SplittableRandom(SEED);
    for (int round = 0; round < ROUNDS; round++) {
      List<String> pieces = new ArrayList<>();
      for (int i = random.nextInt(20); i > 0; i--) {
        pieces.add(randomText(random, 0, 5));
      }
      GenerationRequest.Builder builder = GenerationRequest.builder(Prompt.tokens(1));
      for (int i = random.nextInt(4); i > 0; i--) {
        builder.stop(randomText(random, 1, 7));
      }
      builder.minTokens(random.nextInt(3) == 0 ? random.nextInt(8) : 0);
      if (random.nextBoolean()) {
        builder.includeStop();
      }
      GenerationRequest request = builder.build();
      Naive naive = Naive.of(pieces, request);
      String what = pieces + " " + request.ending() + " " + request.output().stopText();

      CompletionText completion = new CompletionText(Optional.of(new Pieces(pieces)), request);
      StringBuilder streamed = new StringBuilder();
      for (int token = 0; token < pieces.size() && completion.stopString().isEmpty(); token++) {
        streamed.append(completion.append(token, false));
        assertTrue(naive.text.startsWith(streamed.toString()), () -> what + " streams '" + streamed + "'");
      }
      streamed.append(completion.finish());
      assertEquals(naive.text, streamed.toString(), what);
      assertEquals(naive.stop, completion.stopString(), what);
    }
  }

  private static String randomText(SplittableRandom random, int least, int below) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(least, below); i > 0; i--) {
      text.append((char) ('a' + random.nextInt(3) / (1 + random.nextInt(2))));
    }
    return text.toString();
  }

  @Test
  void aHalfCharacterWaitsAndIsReplacedOnlyAtTheEnd() {
    byte[] utf8 = "aé€😀".getBytes(StandardCharsets.UTF_8);
    CompletionText completion = fake(GenerationRequest.builder(Prompt.tokens(1)).build());
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < utf8.length - 1; i++) {
      text.append(completion.append(utf8[i] & 0xFF, false));
    }
    assertEquals("aé€", text.toString());
    assertEquals("\uFFFD", completion.finish());
  }

  @Test
  void aStopStringOfWideCharactersIsFoundAcrossTheirBytes() {
    byte[] utf8 = "x€😀y".getBytes(StandardCharsets.UTF_8);
    CompletionText completion = fake(GenerationRequest.builder(Prompt.tokens(1)).stop("€😀").build());
    StringBuilder text = new StringBuilder();
    for (int i = 0; completion.stopString().isEmpty(); i++) {
      text.append(completion.append(utf8[i] & 0xFF, false));
    }
    assertEquals("x", text + completion.finish());
    assertEquals(Optional.of("€😀"), completion.stopString());
  }

  @Test
  void theTextOfAStopTokenIsLeftOutUnlessAskedFor() {
    GenerationRequest.Builder builder = GenerationRequest.builder(Prompt.tokens(1)).stopIds('b');
    CompletionText without = fake(builder.build());
    assertEquals("a", without.append('a', false) + without.append('b', true) + without.finish());
    CompletionText with = fake(builder.includeStop().build());
    assertEquals("ab", with.append('a', false) + with.append('b', true) + with.finish());
  }

  @Test
  void whatIsHeldBackComesAtTheEnd() {
    CompletionText completion = fake(GenerationRequest.builder(Prompt.tokens(1)).stop("abc").build());
    assertEquals("", completion.append('a', false) + completion.append('b', false));
    assertEquals("ab", completion.finish());
    assertEquals("", completion.finish());
  }

  private static CompletionText fake(GenerationRequest request) {
    return new CompletionText(Optional.of(new FakeTokenizer().streamDecoder(DecodeOptions.SKIP_SPECIALS)), request);
  }
}
