package dev.jebena.engine;

import dev.jebena.tokenizer.StreamDecoder;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Turns tokens into the text of a completion, on the reader's thread: half characters wait in the decoder, and what could begin a stop string
 * waits here.
 */
final class CompletionText {

  private final Optional<StreamDecoder> decoder;
  private final List<String> stops;
  private final int minTokens;
  private final GenerationRequest.StopText stopText;
  private final StringBuilder pending = new StringBuilder();
  private int tokens;
  /** Characters at the beginning of what is pending that came before {@code minTokens}: no stop string ends there. */
  private int exempt;
  private Optional<String> found = Optional.empty();

  /** A stop string and where it begins in what is pending. */
  private record Match(int start, String stop) {

    int end() {
      return start + stop.length();
    }
  }

  CompletionText(Optional<StreamDecoder> decoder, GenerationRequest request) {
    this.decoder = decoder;
    this.stops = request.ending().stopStrings();
    this.minTokens = request.ending().minTokens();
    this.stopText = request.output().stopText();
  }

  /** Takes a token and returns the text that became certain. */
  String append(int token, boolean stops) {
    tokens++;
    if (stops && stopText == GenerationRequest.StopText.LEFT_OUT) {
      return "";
    }
    decoder.ifPresent(each -> pending.append(each.append(token)));
    return certain();
  }

  /** Ends the text and returns what was held back. */
  String finish() {
    if (found.isPresent()) {
      return "";
    }
    decoder.ifPresent(each -> pending.append(each.finish()));
    String text = certain() + (found.isPresent() ? "" : pending);
    pending.setLength(0);
    return text;
  }

  /** The stop string that ended the text. */
  Optional<String> stopString() {
    return found;
  }

  private String certain() {
    if (stops.isEmpty()) {
      return take(pending.length());
    }
    if (tokens <= minTokens) {
      exempt = pending.length();
    } else {
      Match match = firstMatch();
      if (match != null) {
        found = Optional.of(match.stop);
        String text = pending.substring(0, stopText == GenerationRequest.StopText.INCLUDED ? match.end() : match.start);
        pending.setLength(0);
        return text;
      }
    }
    return take(pending.length() - heldBack());
  }

  /** The stop string that is complete first; of several, the longest: nothing of a stop string may be left. */
  private @Nullable Match firstMatch() {
    Match first = null;
    for (String stop : stops) {
      int start = pending.indexOf(stop, Math.max(0, exempt - stop.length() + 1));
      if (start >= 0) {
        Match match = new Match(start, stop);
        if (first == null || match.end() < first.end() || match.end() == first.end() && start < first.start) {
          first = match;
        }
      }
    }
    return first;
  }

  private String take(int length) {
    String text = pending.substring(0, length);
    pending.delete(0, length);
    exempt = Math.max(0, exempt - length);
    return text;
  }

  /** The longest end of what is pending that a stop string begins with. */
  private int heldBack() {
    int most = 0;
    for (String stop : stops) {
      for (int length = Math.min(stop.length() - 1, pending.length()); length > most; length--) {
        if (pendingEndsWith(stop, length)) {
          most = length;
        }
      }
    }
    return most;
  }

  /** Whether what is pending ends with the first {@code length} characters of {@code stop}. */
  private boolean pendingEndsWith(String stop, int length) {
    int from = pending.length() - length;
    for (int i = 0; i < length; i++) {
      if (pending.charAt(from + i) != stop.charAt(i)) {
        return false;
      }
    }
    return true;
  }
}
