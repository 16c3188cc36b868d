package dev.jebena.engine;

import dev.jebena.tokenizer.StreamDecoder;
import java.util.List;
import java.util.Optional;

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
  private Optional<String> found = Optional.empty();

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
    if (tokens > minTokens) {
      int first = -1;
      String which = "";
      for (String stop : stops) {
        int at = pending.indexOf(stop);
        if (at >= 0 && (first < 0 || at < first || at == first && stop.length() < which.length())) {
          first = at;
          which = stop;
        }
      }
      if (first >= 0) {
        found = Optional.of(which);
        String text = pending.substring(0, stopText == GenerationRequest.StopText.INCLUDED ? first + which.length() : first);
        pending.setLength(0);
        return text;
      }
    }
    return take(pending.length() - heldBack());
  }

  private String take(int length) {
    String text = pending.substring(0, length);
    pending.delete(0, length);
    return text;
  }

  /** The longest end of what is pending that a stop string begins with. */
  private int heldBack() {
    int most = 0;
    for (String stop : stops) {
      for (int length = Math.min(stop.length() - 1, pending.length()); length > most; length--) {
        if (stop.startsWith(pending.substring(pending.length() - length))) {
          most = length;
          break;
        }
      }
    }
    return most;
  }
}
