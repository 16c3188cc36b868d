package dev.jebena.tokenizer;

import java.text.Normalizer;

/** BERT's normalizer: drops controls, sets spaces around ideographs, strips accents, lowers. Source: Devlin et al., 2018. */
record BertNormalizer(boolean cleans, boolean setsIdeographsApart, boolean stripsAccents, boolean lowers) {

  static BertNormalizer read(Json json) {
    boolean lowers = json.at("lowercase").flag(true);
    return new BertNormalizer(
        json.at("clean_text").flag(true), json.at("handle_chinese_chars").flag(true), json.at("strip_accents").flag(lowers), lowers);
  }

  AlignedText normalize(AlignedText source) {
    AlignedText text = cleans || setsIdeographsApart ? cleaned(source) : source;
    if (stripsAccents) {
      text = HuggingFaceNormalizers.filter(NormalForms.normalize(text, Normalizer.Form.NFD), c -> !ReferenceUnicode.isNonSpacingMark(c));
    }
    return lowers ? HuggingFaceNormalizers.lower(text) : text;
  }

  private AlignedText cleaned(AlignedText source) {
    String text = source.text();
    AlignedText.Rewriter out = source.new Rewriter(source.text().length());
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      int next = i + Character.charCount(c);
      if (!cleans || !isDropped(c)) {
        if (setsIdeographsApart && isIdeograph(c)) {
          out.put(" " + Character.toString(c) + " ", i, next);
        } else if (cleans && ReferenceUnicode.isSpace(c)) {
          out.put(" ", i, next);
        } else {
          out.keep(i, next);
        }
      }
      i = next;
    }
    return out.done();
  }

  /** Controls go before it is asked what is a space: a vertical tab is dropped. The newest formatting characters are not known there. */
  private static boolean isDropped(int c) {
    if (c == '\t' || c == '\n' || c == '\r') {
      return false;
    }
    boolean control =
        switch (Character.getType(c)) {
          case Character.CONTROL, Character.FORMAT, Character.PRIVATE_USE -> true;
          default -> c == 0xFFFD;
        };
    return control && c != 0x890 && c != 0x891 && c != 0x8E2 && c != 0x110CD && (c < 0x13430 || c > 0x1343F);
  }

  private static boolean isIdeograph(int c) {
    return c >= 0x3400 && c <= 0x4DBF
        || c >= 0x4E00 && c <= 0x9FFF
        || c >= 0xF900 && c <= 0xFAFF
        || c >= 0x20000 && c <= 0x2A6DF
        || c >= 0x2A700 && c <= 0x2B81F
        || c >= 0x2B920 && c <= 0x2CEAF
        || c >= 0x2F800 && c <= 0x2FA1F;
  }
}
