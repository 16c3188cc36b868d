package dev.jebena.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What a SentencePiece {@code .model} file says. Source: sentencepiece_model.proto of SentencePiece. */
final class SentencePieceFile {

  private static final int MAX_PIECES = 1 << 24;

  /** The kinds of model. */
  enum Kind {
    UNIGRAM,
    BPE,
    WORD,
    CHAR
  }

  final List<String> pieces = new ArrayList<>();
  float[] scores = new float[1024];
  byte[] types = new byte[1024];
  Kind kind = Kind.UNIGRAM;
  boolean bytesForUnknown;
  boolean spacesAreSuffixes;
  int unknownId = 0;
  int beginningId = 1;
  int endId = 2;
  String unknownText = " \u2047 ";
  byte[] rules = new byte[0];
  boolean addsDummyPrefix = true;
  boolean removesExtraSpaces = true;
  boolean escapesSpaces = true;

  private SentencePieceFile() {}

  static SentencePieceFile read(byte[] data) {
    SentencePieceFile file = new SentencePieceFile();
    ProtobufReader in = ProtobufReader.of(data);
    while (in.next()) {
      switch (in.field()) {
        case 1 -> file.piece(in.message());
        case 2 -> file.trainer(in.message());
        case 3 -> file.normalizer(in.message());
        case 5 -> denormalizer(in.message());
        default -> in.skip();
      }
    }
    if (file.pieces.isEmpty()) {
      throw new TokenizerException("the file has no pieces: it is damaged or no SentencePiece model");
    }
    file.scores = Arrays.copyOf(file.scores, file.pieces.size());
    file.types = Arrays.copyOf(file.types, file.pieces.size());
    return file;
  }

  private void piece(ProtobufReader in) {
    int id = pieces.size();
    if (id == MAX_PIECES) {
      throw new TokenizerException("the file has more than " + MAX_PIECES + " pieces");
    }
    if (id == scores.length) {
      scores = Arrays.copyOf(scores, 2 * id);
      types = Arrays.copyOf(types, 2 * id);
    }
    types[id] = Vocabulary.NORMAL;
    String text = "";
    while (in.next()) {
      switch (in.field()) {
        case 1 -> text = in.text();
        case 2 -> scores[id] = in.real();
        case 3 -> {
          long type = in.number();
          if (type < Vocabulary.NORMAL || type > Vocabulary.BYTE) {
            throw new TokenizerException("piece " + id + " is of type " + type + ": types are 1 to 6");
          }
          types[id] = (byte) type;
        }
        default -> in.skip();
      }
    }
    if (text.isEmpty() || Float.isNaN(scores[id])) {
      throw new TokenizerException("piece " + id + " has no text, or no number as its score");
    }
    pieces.add(text);
  }

  private void trainer(ProtobufReader in) {
    while (in.next()) {
      switch (in.field()) {
        case 3 -> {
          long number = in.number();
          if (number < 1 || number > Kind.values().length) {
            throw new TokenizerException("the model is of type " + number + ": types are 1 to " + Kind.values().length);
          }
          kind = Kind.values()[(int) number - 1];
        }
        case 24 -> spacesAreSuffixes = in.flag();
        case 35 -> bytesForUnknown = in.flag();
        case 40 -> unknownId = (int) in.number();
        case 41 -> beginningId = (int) in.number();
        case 42 -> endId = (int) in.number();
        case 44 -> unknownText = in.text();
        default -> in.skip();
      }
    }
  }

  private void normalizer(ProtobufReader in) {
    while (in.next()) {
      switch (in.field()) {
        case 2 -> rules = in.bytes();
        case 3 -> addsDummyPrefix = in.flag();
        case 4 -> removesExtraSpaces = in.flag();
        case 5 -> escapesSpaces = in.flag();
        default -> in.skip();
      }
    }
  }

  private static void denormalizer(ProtobufReader in) {
    while (in.next()) {
      if (in.field() == 2 && in.bytes().length > 0) {
        throw new TokenizerException("rules for rewriting decoded text are not supported");
      } else if (in.field() != 2) {
        in.skip();
      }
    }
  }
}
