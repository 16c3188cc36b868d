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

  /** Opens a stage that passes on to the next one. */
  @FunctionalInterface
  interface Opener {
    DecodeStage open(DecodeStage next, Position position);
  }

  /**
   * A chain of stages.
   *
   * @param bytesOfToken what a token adds where tokens are parts of characters; null if it has to be asked of the chain
   */
  record Decoding(List<Opener> stages, Function<String, byte[]> bytesOfToken) {

    DecodeStage open(StringBuilder out, Position position) {
      DecodeStage chain = DecodeStage.into(out);
      for (Opener stage : stages.reversed()) {
        chain = stage.open(chain, position);
      }
      return chain;
    }
  }

  static Decoding read(Json json) {
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
      int b = seen[BYTE_FALLBACK] ? DecodeStage.byteOf(token) : -1;
      if (b >= 0) {
        return new byte[] {(byte) b};
      }
      StringBuilder text = new StringBuilder();
      DecodeStage chain = new Decoding(stages, t -> new byte[0]).open(text, Position.MIDDLE);
      chain.token(token);
      chain.finish();
      return Utf8.encode(text);
    });
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
        stages.add((next, position) -> DecodeStage.byteLevel(next));
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
      HuggingFacePattern regex = HuggingFacePattern.read(pattern);
      stages.add((next, position) -> DecodeStage.indexed(next, position, (token, first) -> {
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
