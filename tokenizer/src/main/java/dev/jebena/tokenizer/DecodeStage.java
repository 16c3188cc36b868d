package dev.jebena.tokenizer;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A stage of a decoder. Tokens come in parts, each ended by {@link #end}; what is certain is passed on at once, so a chain decodes a stream
 * as well as a whole.
 */
abstract class DecodeStage {

  final DecodeStage next;

  private DecodeStage(@Nullable DecodeStage next) {
    this.next = next == null ? this : next;
  }

  /** Takes a part of a token. */
  abstract void part(String text);

  /** Ends a token. */
  abstract void end();

  /** Ends the text. */
  void finish() {
    next.finish();
  }

  final void token(String text) {
    part(text);
    end();
  }

  /** Takes a token that stands for its spelling, whatever the stage makes of others. */
  void verbatim(String text) {
    token(text);
  }

  /** The end of a chain. */
  static DecodeStage into(StringBuilder out) {
    return new DecodeStage(null) {
      @Override
      void part(String text) {
        out.append(text);
      }

      @Override
      void end() {}

      @Override
      void finish() {}
    };
  }

  /** A stage that looks at whole tokens. */
  abstract static class Whole extends DecodeStage {

    private final StringBuilder parts = new StringBuilder();

    Whole(DecodeStage next) {
      super(next);
    }

    @Override
    final void part(String text) {
      parts.append(text);
    }

    @Override
    final void end() {
      String token = parts.toString();
      parts.setLength(0);
      whole(token);
    }

    abstract void whole(String token);
  }

  /** Respells a token, knowing whether it is the first. */
  interface Indexed {
    String respell(String token, boolean first);
  }

  static DecodeStage indexed(DecodeStage next, HuggingFaceDecoders.Position position, Indexed respeller) {
    return new Whole(next) {
      private boolean first = position == HuggingFaceDecoders.Position.START;

      @Override
      void whole(String token) {
        next.token(respeller.respell(token, first));
        first = false;
      }
    };
  }

  /** Respells a token, knowing whether it is the last. */
  static DecodeStage lookingAhead(DecodeStage next, HuggingFaceDecoders.Position position, Indexed respeller) {
    return new Whole(next) {
      private @Nullable String held;

      @Override
      void whole(String token) {
        if (held != null) {
          next.token(respeller.respell(held, false));
        }
        held = token;
      }

      @Override
      void finish() {
        if (held != null) {
          next.token(respeller.respell(held, position == HuggingFaceDecoders.Position.START));
        }
        next.finish();
      }
    };
  }

  /** Drops a token that equals the one before it, and those that become empty. */
  static DecodeStage distinct(DecodeStage next, UnaryOperator<String> respeller) {
    return new Whole(next) {
      private @Nullable String last;

      @Override
      void whole(String token) {
        if (!token.equals(last)) {
          last = token;
          String text = respeller.apply(token);
          if (!text.isEmpty()) {
            next.token(text);
          }
        }
      }
    };
  }

  /** Makes one token of all. */
  static DecodeStage fuse(DecodeStage next) {
    return new DecodeStage(next) {
      @Override
      void part(String text) {
        next.part(text);
      }

      @Override
      void end() {}

      @Override
      void finish() {
        next.end();
        next.finish();
      }
    };
  }

  /** The bytes that a token spells; one with a character outside of the byte alphabet stands for itself. */
  static byte[] spelledBytes(String token) {
    byte[] bytes = new byte[token.length()];
    for (int i = 0; i < bytes.length; i++) {
      int b = ByteAlphabet.byteOf(token.charAt(i));
      if (b < 0) {
        return Utf8.encode(token);
      }
      bytes[i] = (byte) b;
    }
    return bytes;
  }

  /** Makes one token of all, whose bytes the tokens stand for; an invalid sequence becomes U+FFFD. */
  static DecodeStage bytes(DecodeStage next, Function<String, byte[]> bytesOfToken) {
    return new Pieces(next) {
      @Override
      byte[] bytesOf(String token) {
        return bytesOfToken.apply(token);
      }
    };
  }

  /** Makes one token of all by putting their bytes together; never passes on half a character. */
  abstract static class Pieces extends Whole {

    private byte[] held = new byte[16];
    private int length;

    Pieces(DecodeStage next) {
      super(next);
    }

    /** The bytes of a token, given what came before it. */
    abstract byte[] bytesOf(String token);

    @Override
    void whole(String token) {
      add(bytesOf(token));
    }

    @Override
    void verbatim(String text) {
      add(Utf8.encode(text));
    }

    private void add(byte[] bytes) {
      if (length + bytes.length > held.length) {
        held = Arrays.copyOf(held, 2 * (length + bytes.length));
      }
      System.arraycopy(bytes, 0, held, length, bytes.length);
      length += bytes.length;
      take(Utf8.completeLength(held, length));
    }

    private void take(int count) {
      if (count > 0) {
        next.part(new String(held, 0, count, StandardCharsets.UTF_8));
        System.arraycopy(held, count, held, 0, length - count);
        length -= count;
      }
    }

    @Override
    void finish() {
      take(length);
      next.end();
      next.finish();
    }
  }

  /** A run of byte tokens is a text if all of it is valid, else U+FFFD for each byte. */
  static DecodeStage byteFallback(DecodeStage next) {
    return new Whole(next) {
      private final ByteArrayOutputStream run = new ByteArrayOutputStream();

      @Override
      void whole(String token) {
        int b = ByteTokens.valueOf(token);
        if (b >= 0) {
          run.write(b);
          return;
        }
        flush();
        next.token(token);
      }

      private void flush() {
        if (run.size() == 0) {
          return;
        }
        try {
          next.token(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(run.toByteArray())).toString());
        } catch (CharacterCodingException e) {
          for (int i = 0; i < run.size(); i++) {
            next.token("\uFFFD");
          }
        }
        run.reset();
      }

      @Override
      void finish() {
        flush();
        next.finish();
      }
    };
  }

  /** Replaces a literal; a beginning of it at the end of a part waits for the next part. */
  static DecodeStage replace(DecodeStage next, String literal, String content) {
    if (literal.isEmpty()) {
      return indexed(next, HuggingFaceDecoders.Position.MIDDLE, (token, first) -> token);
    }
    return new DecodeStage(next) {
      private String held = "";

      @Override
      void part(String text) {
        String all = held + text;
        int done = 0;
        for (int at = all.indexOf(literal); at >= 0; at = all.indexOf(literal, done)) {
          next.part(all.substring(done, at) + content);
          done = at + literal.length();
        }
        int certain = Math.max(done, all.length() - literal.length() + 1);
        while (certain < all.length() && !literal.startsWith(all.substring(certain))) {
          certain++;
        }
        if (certain > done) {
          next.part(all.substring(done, certain));
        }
        held = all.substring(certain);
      }

      @Override
      void end() {
        next.part(held);
        held = "";
        next.end();
      }
    };
  }

  /** Takes up to {@code start} and {@code stop} characters off the ends of a token. */
  static DecodeStage strip(DecodeStage next, char content, int start, int stop) {
    return new DecodeStage(next) {
      private int left = start;
      private String held = "";

      @Override
      void part(String text) {
        int from = 0;
        while (left > 0 && from < text.length()) {
          if (text.charAt(from) == content) {
            from++;
            left--;
          } else {
            left = 0;
          }
        }
        String all = held + text.substring(from);
        int certain = all.length();
        while (certain > 0 && all.length() - certain < stop && all.charAt(certain - 1) == content) {
          certain--;
        }
        next.part(all.substring(0, certain));
        held = all.substring(certain);
      }

      @Override
      void end() {
        left = start;
        held = "";
        next.end();
      }
    };
  }
}
