package dev.jebena.tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** The decoders of {@code tokenizer.json}, as chains of stages. */
final class HuggingFaceDecoders {

  private HuggingFaceDecoders() {}

  /** Where in a text decoding begins: the first token is often spelled without its space. */
  enum Position {
    START,
    MIDDLE
  }

  /** Whether the configuration asks for cleaning up spaces. */
  enum Cleanup {
    ASKED_FOR,
    NOT_ASKED_FOR
  }

  /** The replacements of {@code clean_up_tokenization_spaces}, one after another, over the text as a whole. */
  private static final String[][] CLEANUP = {
    {" .", "."}, {" ?", "?"}, {" !", "!"}, {" ,", ","}, {" ' ", "'"}, {" n't", "n't"}, {" 'm", "'m"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}
  };

  private static DecodeStage withoutSpacesBeforeMarks(DecodeStage next) {
    DecodeStage chain = next;
    for (int i = CLEANUP.length - 1; i >= 0; i--) {
      chain = DecodeStage.replace(chain, CLEANUP[i][0], CLEANUP[i][1]);
    }
    return DecodeStage.fuse(chain);
  }

  /** Opens a stage that passes on to the next one. */
  @FunctionalInterface
  interface Opener {
    DecodeStage open(DecodeStage next, Position position);
  }

  /**
   * A chain of stages.
   *
   * @param bytesOfToken the bytes that a token adds to a text
   * @param cleanup whether spaces before punctuation go where the caller leaves it to the configuration
   */
  record Decoding(List<Opener> stages, Function<String, byte[]> bytesOfToken, Cleanup cleanup) {

    DecodeStage open(StringBuilder out, Position position, DecodeOptions options) {
      DecodeStage chain = DecodeStage.into(out);
      if (options.cleansAsConfigured() && cleanup == Cleanup.ASKED_FOR) {
        chain = withoutSpacesBeforeMarks(chain);
      }
      for (Opener stage : stages.reversed()) {
        chain = stage.open(chain, position);
      }
      return chain;
    }
  }

  static Decoding read(Json json, Cleanup cleanup) {
    List<Opener> stages = new ArrayList<>();
    boolean[] seen = new boolean[3];
    if (json.isNull()) {
      stages.add((next, position) -> DecodeStage.indexed(next, position, (token, first) -> first ? token : " " + token));
    } else {
      add(json, stages, seen);
    }
    return new Decoding(List.copyOf(stages), token -> {
      if (seen[BYTE_LEVEL]) {
        return DecodeStage.spelledBytes(token);
      }
      int b = seen[BYTE_FALLBACK] ? ByteTokens.valueOf(token) : -1;
      if (b >= 0) {
        return new byte[] {(byte) b};
      }
      StringBuilder text = new StringBuilder();
      DecodeStage chain = new Decoding(stages, t -> new byte[0], Cleanup.NOT_ASKED_FOR).open(text, Position.MIDDLE, DecodeOptions.KEEP_SPECIALS);
      chain.token(token);
      chain.finish();
      return Utf8.encode(text);
    }, cleanup);
  }

  /** What becomes of a space that the text begins with. */
  enum FirstSpace {
    KEPT,
    DROPPED
  }

  /** Puts the bytes of all tokens together. */
  static Decoding ofBytes(Function<String, byte[]> bytesOfToken, FirstSpace firstSpace) {
    Opener bytes = (next, position) -> DecodeStage.bytes(next, bytesOfToken);
    Opener strip = (next, position) -> DecodeStage.strip(next, ' ', 1, 0);
    return new Decoding(
        firstSpace == FirstSpace.DROPPED ? List.of(bytes, strip) : List.of(bytes), bytesOfToken, Cleanup.NOT_ASKED_FOR);
  }

  /** Words that begin with a mark become words with a space before them, but for the first; spaces before punctuation go. */
  static Decoding ofWords(String mark) {
    Opener words = (next, position) -> DecodeStage.indexed(next, position, (token, first) -> {
      String text = !token.startsWith(mark) ? token : (first ? "" : " ") + token.substring(mark.length());
      return cleaned(text);
    });
    return new Decoding(List.of(words), token -> Utf8.encode(cleaned(token.replace(mark, " "))), Cleanup.NOT_ASKED_FOR);
  }

  private static final int BYTE_LEVEL = 0;
  private static final int BYTE_FALLBACK = 1;
  private static final int FUSED = 2;

  private static void add(Json json, List<Opener> stages, boolean[] seen) {
    String type = json.at("type").string();
    switch (type) {
      case "Sequence" -> json.at("decoders").list().forEach(part -> add(part, stages, seen));
      case "ByteLevel" -> {
        seen[BYTE_LEVEL] = true;
        seen[FUSED] = true;
        stages.add((next, position) -> DecodeStage.bytes(next, DecodeStage::spelledBytes));
      }
      case "ByteFallback" -> {
        seen[BYTE_FALLBACK] = true;
        stages.add((next, position) -> DecodeStage.byteFallback(next));
      }
      case "Fuse" -> {
        seen[FUSED] = true;
        stages.add((next, position) -> DecodeStage.fuse(next));
      }
      case "WordPiece" -> {
        String prefix = json.at("prefix").string("##");
        boolean cleans = json.at("cleanup").flag(true);
        stages.add((next, position) -> DecodeStage.indexed(next, position, (token, first) -> {
          String text = first ? token : token.startsWith(prefix) ? token.substring(prefix.length()) : " " + token;
          return cleans ? cleaned(text) : text;
        }));
      }
      case "Metaspace" -> {
        String mark = Character.toString(json.at("replacement").character());
        boolean drops =
            !json.at("prepend_scheme").string("always").equals("never") && json.at("add_prefix_space").flag(true);
        stages.add((next, position) ->
            DecodeStage.indexed(next, position, (token, first) -> token.replace(mark, first && drops ? "" : " ")));
      }
      case "BPEDecoder" -> {
        String suffix = json.at("suffix").string("</w>");
        stages.add((next, position) -> DecodeStage.lookingAhead(next, position, (token, last) -> token.replace(suffix, last ? "" : " ")));
      }
      case "CTC" -> {
        String pad = json.at("pad_token").string("<pad>");
        String delimiter = json.at("word_delimiter_token").string("|");
        UnaryOperator<String> clean =
            json.at("cleanup").flag(true) ? text -> cleaned(text).replace(delimiter, " ") : text -> text;
        stages.add((next, position) -> DecodeStage.distinct(next, token -> clean.apply(token.replace(pad, ""))));
      }
      case "Replace" -> replace(json, stages);
      case "Strip" -> strip(json, stages, seen[FUSED]);
      default -> throw json.unsupported("decoder '" + type + "'");
    }
  }

  private static void replace(Json json, List<Opener> stages) {
    String content = json.at("content").string();
    Json pattern = json.at("pattern");
    if (pattern.at("String").isNull()) {
      TextPattern regex = TextPattern.read(pattern);
      stages.add((next, position) -> DecodeStage.indexed(next, position, (token, first) -> {
        if (token.isEmpty()) {
          return token;
        }
        StringBuilder out = new StringBuilder();
        regex.find(token, 0, token.length(), (from, to, matched) -> out.append(matched ? content : token.substring(from, to)));
        return out.toString();
      }));
    } else {
      String literal = pattern.at("String").string();
      stages.add((next, position) -> DecodeStage.replace(next, literal, content));
    }
  }

  private static void strip(Json json, List<Opener> stages, boolean fused) {
    int content = json.at("content").character();
    int start = json.at("start").integer();
    int stop = json.at("stop").integer();
    if (start < 0 || stop < 0) {
      throw new TokenizerException(json.place() + " strips " + start + " and " + stop + " characters: neither can be negative");
    }
    stages.add((next, position) ->
        fused && position == Position.MIDDLE ? DecodeStage.fuse(next) : DecodeStage.strip(next, (char) content, start, stop));
  }

  private static String cleaned(String text) {
    return text.replace(" .", ".").replace(" ?", "?").replace(" !", "!").replace(" ,", ",").replace(" ' ", "'")
        .replace(" n't", "n't").replace(" 'm", "'m").replace(" do not", " don't").replace(" 's", "'s")
        .replace(" 've", "'ve").replace(" 're", "'re");
  }
}
