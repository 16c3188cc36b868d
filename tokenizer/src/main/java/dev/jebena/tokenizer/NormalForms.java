package dev.jebena.tokenizer;

import java.text.Normalizer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Unicode's normal forms with the characters that each came from. Long runs of marks are put into canonical order here, because Java's
 * normalizer takes quadratic time for them. Source: Unicode Standard Annex 15.
 */
final class NormalForms {

  private static final int LONG_RUN = 64;

  private NormalForms() {}

  static AlignedText normalize(AlignedText source, Normalizer.Form form) {
    String text = source.text();
    AlignedText.Rewriter out = source.new Rewriter(source.text().length());
    boolean changed = false;
    for (int from = 0; from < text.length(); ) {
      int to = sectionEnd(text, from);
      String ordered = bounded(text.substring(from, to), form);
      String section = text.substring(from, to);
      if (ordered.equals(section) && Normalizer.isNormalized(section, form)) {
        out.keep(from, to);
      } else {
        align(section, from, Normalizer.normalize(ordered, form), form, out);
        changed = true;
      }
      from = to;
    }
    return changed ? out.done() : source;
  }

  /** Sections begin with characters below U+0300: those neither compose with nor move before what precedes them. */
  private static int sectionEnd(String text, int from) {
    int at = from;
    while (at < text.length() && text.charAt(at) < 0x300) {
      at++;
    }
    if (at < text.length() && at > from + 1) {
      return at - 1;
    }
    while (at < text.length() && text.charAt(at) >= 0x300) {
      at++;
    }
    return at;
  }

  /** Gives each character of the result the range of the first character that went into it. */
  private static void align(String section, int offset, String result, Normalizer.Form form, AlignedText.Rewriter out) {
    Normalizer.Form decomposed = form == Normalizer.Form.NFC || form == Normalizer.Form.NFD ? Normalizer.Form.NFD : Normalizer.Form.NFKD;
    Map<Integer, ArrayDeque<Integer>> sources = new HashMap<>();
    for (int i = 0; i < section.length(); ) {
      int c = section.codePointAt(i);
      int at = i;
      Normalizer.normalize(Character.toString(c), decomposed)
          .codePoints()
          .forEach(part -> sources.computeIfAbsent(part, p -> new ArrayDeque<>()).add(at));
      i += Character.charCount(c);
    }
    int last = 0;
    for (int i = 0; i < result.length(); ) {
      int c = result.codePointAt(i);
      String written = Character.toString(c);
      int[] parts = Normalizer.normalize(written, Normalizer.Form.NFD).codePoints().toArray();
      for (int p = 0; p < parts.length; p++) {
        ArrayDeque<Integer> known = sources.get(parts[p]);
        Integer at = known == null ? null : known.poll();
        if (p == 0 && at != null) {
          last = at;
        }
      }
      out.put(written, offset + last, offset + last + Character.charCount(section.codePointAt(last)));
      i += written.length();
    }
  }

  private static boolean isMark(int c) {
    int type = Character.getType(c);
    return type == Character.NON_SPACING_MARK || type == Character.COMBINING_SPACING_MARK || type == Character.ENCLOSING_MARK;
  }

  /** Decomposes long runs of marks and puts them into canonical order. */
  private static String bounded(String text, Normalizer.Form form) {
    if (text.length() < LONG_RUN) {
      return text;
    }
    StringBuilder out = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); ) {
      int end = i;
      int marks = 0;
      while (end < text.length() && isMark(text.codePointAt(end))) {
        end += Character.charCount(text.codePointAt(end));
        marks++;
      }
      if (marks >= LONG_RUN) {
        order(text, i, end, form, out);
      } else {
        end = end == i ? i + Character.charCount(text.codePointAt(i)) : end;
        out.append(text, i, end);
      }
      i = end;
    }
    return out.toString();
  }

  private static void order(String text, int from, int to, Normalizer.Form form, StringBuilder out) {
    Normalizer.Form decomposed = form == Normalizer.Form.NFC || form == Normalizer.Form.NFD ? Normalizer.Form.NFD : Normalizer.Form.NFKD;
    Map<Integer, List<Integer>> run = new HashMap<>();
    Map<Integer, String> forms = new HashMap<>();
    List<List<Integer>> classes = new ArrayList<>();
    Map<Integer, Boolean> moves = new HashMap<>();
    for (int i = from; i < to; ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      String parts = forms.computeIfAbsent(c, key -> Normalizer.normalize(Character.toString(key), decomposed));
      for (int p = 0; p < parts.length(); ) {
        int mark = parts.codePointAt(p);
        p += Character.charCount(mark);
        if (moves.computeIfAbsent(mark, NormalForms::moves)) {
          run.computeIfAbsent(mark, key -> classOf(key, classes)).add(mark);
        } else {
          flush(run, classes, out);
          out.appendCodePoint(mark);
        }
      }
    }
    flush(run, classes, out);
  }

  /** Whether canonical ordering moves a mark: it does if the mark trades places with one of the least or of the greatest class. */
  private static boolean moves(int mark) {
    return trades(mark, 0x334) || trades(0x345, mark) || mark == 0x334 || mark == 0x345;
  }

  /** Whether canonical ordering puts {@code second} before {@code first}. */
  private static boolean trades(int first, int second) {
    String pair = Character.toString(first) + Character.toString(second);
    return Normalizer.normalize(pair, Normalizer.Form.NFD).equals(Character.toString(second) + Character.toString(first)) && first != second;
  }

  /** The list in which marks of the same combining class are collected in the order of the text; {@code classes} is in canonical order. */
  private static List<Integer> classOf(int mark, List<List<Integer>> classes) {
    int at = 0;
    for (; at < classes.size(); at++) {
      int member = classes.get(at).getFirst();
      if (trades(member, mark)) {
        break;
      }
      if (!trades(mark, member)) {
        return classes.get(at);
      }
    }
    List<Integer> fresh = new ArrayList<>();
    classes.add(at, fresh);
    return fresh;
  }

  private static void flush(Map<Integer, List<Integer>> run, List<List<Integer>> classes, StringBuilder out) {
    classes.forEach(members -> members.forEach(out::appendCodePoint));
    run.clear();
    classes.clear();
  }
}
