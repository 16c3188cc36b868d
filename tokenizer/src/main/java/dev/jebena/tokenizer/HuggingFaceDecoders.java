package dev.jebena.tokenizer;

import java.util.function.UnaryOperator;

/** The decoders of {@code tokenizer.json}, as the bytes that each token adds to a text. */
final class HuggingFaceDecoders {
  private HuggingFaceDecoders() {}

  /** What each token adds to a decoded text. */
  interface Speller {
    byte[] bytes(String token);

    /** The text of an added token. */
    default String added(String token) {
      return token;
    }

    default boolean dropsFirstSpace() {
      return false;
    }
  }

  static Speller read(Json json) {
    String type = json.isNull() ? "ByteLevel" : json.at("type").string();
    return switch (type) {
      case "ByteLevel" -> ByteAlphabet::bytes;
      case "WordPiece" -> wordPiece(json);
      case "Sequence" -> sequence(json);
      default -> throw json.unsupported("decoder '" + type + "'");
    };
  }

  private static Speller wordPiece(Json json) {
    String prefix = json.at("prefix").string("##");
    boolean cleanup = json.at("cleanup").flag(true);
    UnaryOperator<String> spell =
        token -> {
          String text = token.startsWith(prefix) ? token.substring(prefix.length()) : " " + token;
          return cleanup ? cleaned(text) : text;
        };
    return new Speller() {
      @Override
      public byte[] bytes(String token) {
        return Utf8.encode(spell.apply(token));
      }

      @Override
      public String added(String token) {
        return spell.apply(token);
      }

      @Override
      public boolean dropsFirstSpace() {
        return true;
      }
    };
  }

  private static String cleaned(String text) {
    return text.replace(" .", ".").replace(" ?", "?").replace(" !", "!").replace(" ,", ",").replace(" ' ", "'")
        .replace(" n't", "n't").replace(" 'm", "'m").replace(" do not", " don't").replace(" 's", "'s")
        .replace(" 've", "'ve").replace(" 're", "'re");
  }

  private static Speller sequence(Json json) {
    UnaryOperator<String> spell = token -> token;
    boolean fallback = false;
    boolean strip = false;
    for (Json part : json.at("decoders").list()) {
      String type = part.at("type").string();
      switch (type) {
        case "Replace" -> {
          String pattern = part.at("pattern").at("String").string();
          String content = part.at("content").string();
          UnaryOperator<String> before = spell;
          spell = token -> before.apply(token).replace(pattern, content);
        }
        case "ByteFallback" -> fallback = true;
        case "Fuse" -> {}
        case "Strip" -> {
          if (!part.at("content").string().equals(" ") || part.at("start").integer() != 1 || part.at("stop").integer() != 0) {
            throw part.unsupported("a Strip decoder of other than one leading space");
          }
          strip = true;
        }
        default -> throw part.unsupported("decoder '" + type + "' in a Sequence");
      }
    }
    return new Spelled(spell, fallback, strip);
  }

  private record Spelled(UnaryOperator<String> spell, boolean fallback, boolean dropsFirstSpace) implements Speller {
    @Override
    public byte[] bytes(String token) {
      if (fallback && token.length() == 6 && token.startsWith("<0x") && token.endsWith(">")) {
        int high = Character.digit(token.charAt(3), 16);
        int low = Character.digit(token.charAt(4), 16);
        if (high >= 0 && low >= 0) {
          return new byte[] {(byte) (high * 16 + low)};
        }
      }
      return Utf8.encode(spell.apply(token));
    }

    @Override
    public String added(String token) {
      return spell.apply(token);
    }
  }
}
