package dev.jebena.tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * What the post-processor of {@code tokenizer.json} puts around a text or a pair of texts.
 *
 * @param single the parts around one text
 * @param pair the parts around two texts; null if the file does not say how pairs are put together
 * @param typedWithoutSpecials whether the parts decide on type ids where no tokens are added, too
 * @param trim how offsets leave out spaces
 */
record EncodingTemplate(List<Part> single, @Nullable List<Part> pair, boolean typedWithoutSpecials, Trim trim) {

  /** A part: text 0 or 1 if {@code text >= 0}, else the token {@code id}. */
  record Part(int text, int id, int typeId) {}

  /** Whether offsets leave out the spaces of a token, all of them or those that the tokenizer did not add. */
  enum Trim {
    NONE,
    ALL,
    BUT_FIRST
  }

  private static final List<Part> BARE = List.of(new Part(0, -1, 0));
  private static final List<Part> BARE_PAIR = List.of(new Part(0, -1, 0), new Part(1, -1, 1));

  static EncodingTemplate read(Json json) {
    EncodingTemplate bare = new EncodingTemplate(BARE, BARE_PAIR, false, Trim.NONE);
    if (json.isNull()) {
      return bare;
    }
    String type = json.at("type").string();
    return switch (type) {
      case "ByteLevel" -> new EncodingTemplate(BARE, BARE_PAIR, false, trim(json));
      case "Sequence" -> {
        EncodingTemplate all = bare;
        for (Json part : json.at("processors").list()) {
          all = all.then(read(part), part);
        }
        yield all;
      }
      case "BertProcessing" -> {
        int begin = end(json.at("cls"));
        int end = end(json.at("sep"));
        List<Part> single = List.of(new Part(-1, begin, 0), new Part(0, -1, 0), new Part(-1, end, 0));
        List<Part> pair = new ArrayList<>(single);
        pair.addAll(List.of(new Part(1, -1, 1), new Part(-1, end, 1)));
        yield new EncodingTemplate(single, pair, false, Trim.NONE);
      }
      case "RobertaProcessing" -> {
        int begin = end(json.at("cls"));
        int end = end(json.at("sep"));
        List<Part> single = List.of(new Part(-1, begin, 0), new Part(0, -1, 0), new Part(-1, end, 0));
        List<Part> pair = new ArrayList<>(single);
        pair.addAll(List.of(new Part(-1, end, 0), new Part(1, -1, 0), new Part(-1, end, 0)));
        yield new EncodingTemplate(single, pair, true, trim(json));
      }
      case "TemplateProcessing" ->
          new EncodingTemplate(
              parts(json, json.at("single")), json.at("pair").isNull() ? null : parts(json, json.at("pair")), true, Trim.NONE);
      default -> throw json.unsupported("post-processor '" + type + "'");
    };
  }

  private static Trim trim(Json json) {
    if (!json.at("trim_offsets").flag(true)) {
      return Trim.NONE;
    }
    return json.at("add_prefix_space").flag(true) ? Trim.BUT_FIRST : Trim.ALL;
  }

  private static int end(Json json) {
    List<Json> both = json.list();
    if (both.size() != 2) {
      throw new TokenizerException(json.place() + " has " + both.size() + " values: a token and its id are needed");
    }
    return both.get(1).id();
  }

  private static List<Part> parts(Json json, Json list) {
    List<Part> parts = new ArrayList<>();
    for (Json piece : list.list()) {
      Json sequence = piece.at("Sequence");
      if (!sequence.isNull()) {
        String name = sequence.at("id").string();
        if (!name.equals("A") && !name.equals("B")) {
          throw sequence.unsupported("text '" + name + "'");
        }
        parts.add(new Part(name.equals("A") ? 0 : 1, -1, sequence.at("type_id").integer()));
        continue;
      }
      Json special = piece.at("SpecialToken");
      String name = special.at("id").string();
      for (Json id : json.at("special_tokens").at(name).at("ids").list()) {
        parts.add(new Part(-1, id.id(), special.at("type_id").integer()));
      }
    }
    return List.copyOf(parts);
  }

  private EncodingTemplate then(EncodingTemplate next, Json json) {
    if (addsTokens() && next.addsTokens()) {
      throw json.unsupported("a second post-processor that adds tokens");
    }
    EncodingTemplate adding = next.addsTokens() || next.typedWithoutSpecials ? next : this;
    return new EncodingTemplate(adding.single, adding.pair, adding.typedWithoutSpecials, next.trim == Trim.NONE ? trim : next.trim);
  }

  boolean addsTokens() {
    return single.stream().anyMatch(part -> part.text < 0);
  }

  /** The same with tokens before and after a text, which say nothing about pairs. */
  EncodingTemplate around(List<Integer> before, List<Integer> after) {
    return new EncodingTemplate(List.copyOf(enclosed(0, 0, before, after)), null, typedWithoutSpecials, trim);
  }

  /** Tokens before and after each text, and between two texts. */
  static EncodingTemplate around(List<Integer> before, List<Integer> after, List<Integer> between) {
    List<Part> pair = new ArrayList<>(enclosed(0, 0, before, after));
    between.forEach(id -> pair.add(new Part(-1, id, 0)));
    pair.addAll(enclosed(1, 1, between.isEmpty() ? before : List.of(), after));
    return new EncodingTemplate(List.copyOf(enclosed(0, 0, before, after)), List.copyOf(pair), true, Trim.NONE);
  }

  /** {@code [CLS] A [SEP]} and {@code [CLS] A [SEP] B [SEP]}. */
  static EncodingTemplate bert(OptionalInt begin, OptionalInt separator) {
    List<Integer> before = begin.isPresent() ? List.of(begin.getAsInt()) : List.of();
    List<Integer> after = separator.isPresent() ? List.of(separator.getAsInt()) : List.of();
    List<Part> pair = new ArrayList<>(enclosed(0, 0, before, after));
    pair.addAll(enclosed(1, 1, List.of(), after));
    return new EncodingTemplate(List.copyOf(enclosed(0, 0, before, after)), List.copyOf(pair), true, Trim.NONE);
  }

  private static List<Part> enclosed(int text, int typeId, List<Integer> before, List<Integer> after) {
    List<Part> parts = new ArrayList<>();
    before.forEach(id -> parts.add(new Part(-1, id, typeId)));
    parts.add(new Part(text, -1, typeId));
    after.forEach(id -> parts.add(new Part(-1, id, typeId)));
    return parts;
  }

  void check(int vocabularySize) {
    List<Part> all = new ArrayList<>(single);
    if (pair != null) {
      all.addAll(pair);
    }
    for (Part part : all) {
      if (part.id >= vocabularySize) {
        throw new TokenizerException(
            "the post-processor adds token id " + part.id + ", outside of the vocabulary of " + vocabularySize + " tokens");
      }
    }
  }

  /** The parts around that many texts. */
  List<Part> parts(int texts, EncodeOptions.Addition addition) {
    List<Part> all = texts == 1 ? single : pair;
    if (all == null) {
      throw new TokenizerException("the post-processor does not say how a pair of texts is put together: encode each by itself");
    }
    if (addition == EncodeOptions.Addition.ADD) {
      return all;
    }
    if (!typedWithoutSpecials) {
      return texts == 1 ? BARE : BARE_PAIR;
    }
    return all.stream().filter(part -> part.text >= 0).toList();
  }
}
