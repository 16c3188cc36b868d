package dev.jebena.tokenizer;

import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The properties of characters that patterns name. */
final class PatternProperties {

  /** White_Space. */
  static final CodePointSet SPACE = CodePointSet.categories(
          1 << Character.SPACE_SEPARATOR | 1 << Character.LINE_SEPARATOR | 1 << Character.PARAGRAPH_SEPARATOR)
      .union(CodePointSet.range(9, 13))
      .union(CodePointSet.of(0x85));

  private static final Map<String, CodePointSet> KNOWN = new ConcurrentHashMap<>();

  /** Two-letter general categories in the order of the constants of {@link Character}; number 17 is not used there. */
  private static final String[] CATEGORIES = {
    "Cn", "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Me", "Mc", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf", "", "Co", "Cs", "Pd", "Ps", "Pe", "Pc",
    "Po", "Sm", "Sc", "Sk", "So", "Pi", "Pf"
  };

  private PatternProperties() {}

  /** What {@code \w} is by itself: Oniguruma takes the small digits and fractions of Latin-1 for parts of words there. */
  static CodePointSet word(PatternParser.Dialect dialect) {
    CodePointSet within = wordInClass(dialect);
    return switch (dialect) {
      case LINES -> KNOWN.computeIfAbsent(
          "Oniguruma's word", name -> within.union(CodePointSet.range(0xB2, 0xB3)).union(CodePointSet.of(0xB9))
              .union(CodePointSet.range(0xBC, 0xBE)));
      case TEXT -> within;
    };
  }

  /** What {@code \w} is within brackets: Rust takes the joiners for parts of words, Oniguruma does not. */
  static CodePointSet wordInClass(PatternParser.Dialect dialect) {
    return switch (dialect) {
      case LINES -> KNOWN.computeIfAbsent(
          "Oniguruma's word within brackets", name -> CodePointSet.where(c -> ReferenceUnicode.isWord(c) && c != 0x200C && c != 0x200D));
      case TEXT -> KNOWN.computeIfAbsent("Rust's word", name -> CodePointSet.where(ReferenceUnicode::isWord));
    };
  }

  /**
   * The characters of a general category or of a script.
   *
   * @throws PatternParser.BeyondException if the name is neither
   */
  static CodePointSet named(String name) throws PatternParser.BeyondException {
    CodePointSet known = KNOWN.get(name);
    if (known != null) {
      return known;
    }
    int mask = 0;
    for (int type = 0; type < CATEGORIES.length; type++) {
      if (!CATEGORIES[type].isEmpty() && (CATEGORIES[type].equals(name) || name.length() == 1 && CATEGORIES[type].startsWith(name))) {
        mask |= 1 << type;
      }
    }
    CodePointSet set = mask != 0 ? CodePointSet.categories(mask) : script(name);
    KNOWN.put(name, set);
    return set;
  }

  private static CodePointSet script(String name) throws PatternParser.BeyondException {
    String bare = name.replaceFirst("^(Is|Script=|sc=)", "").toUpperCase(Locale.ROOT);
    try {
      Character.UnicodeScript script = Character.UnicodeScript.forName(bare);
      return CodePointSet.where(c -> Character.UnicodeScript.of(c) == script);
    } catch (IllegalArgumentException e) {
      throw new PatternParser.BeyondException("the property " + name);
    }
  }
}
