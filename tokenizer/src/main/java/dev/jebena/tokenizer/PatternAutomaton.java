package dev.jebena.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * A pattern as a deterministic automaton: it looks at each character once, so it cannot backtrack. Its states are lists of states of a
 * non-deterministic automaton in the order in which a backtracking matcher would try them, and what comes after a match in such a list is
 * dropped; so the match is the one that Perl's rules choose. Sources: Thompson, Regular Expression Search Algorithm, 1968; Cox, Regular
 * Expression Matching in the Wild, 2010.
 *
 * <p>A look at the next character is part of the transition over it: whether a match ends is known when the character after it is seen.
 */
final class PatternAutomaton implements TextPattern {

  private static final int MAX_STATES = 4096;
  private static final int MAX_PARTS = 5000;
  private static final long MAX_WORK = 50_000_000;
  private static final int DEAD = 0;
  private static final int START = 1;

  /** The class of high surrogates, which tells that two units make the character. */
  private static final int PAIR = 255;

  private final byte[] classOfUnit;
  private final int[] astralStarts;
  private final byte[] astralClasses;
  private final int classes;
  private final int endClass;
  private final int[] table;
  private final String place;

  private PatternAutomaton(Classes classes, int[] table, String place) {
    this.place = place;
    this.classOfUnit = classes.classOfUnit;
    this.astralStarts = classes.astralStarts;
    this.astralClasses = classes.astralClasses;
    this.classes = classes.count + 1;
    this.endClass = classes.count;
    this.table = table;
  }

  /**
   * Compiles a pattern.
   *
   * @throws PatternParser.BeyondException if it cannot be run so, if it matches the empty text, or if the automaton grows too large
   */
  static PatternAutomaton compile(String pattern, PatternParser.Dialect dialect, String place) throws PatternParser.BeyondException {
    Program program = new Program();
    int start = program.add(PatternParser.parse(pattern, dialect), program.match());
    Classes classes = new Classes(program.sets());
    return new PatternAutomaton(classes, new Determinizer(program, classes).table(start), place);
  }

  /**
   * Passes on matches and what lies between them.
   *
   * @param text an unpaired high surrogate in it counts as U+FFFD
   * @throws TokenizerException if attempts that come to nothing take more than 1000 steps a character
   */
  @Override
  public void find(String text, int from, int to, Parts parts) {
    char[] units = new char[to - from];
    text.getChars(from, to, units, 0);
    int done = from;
    long wasted = 0;
    for (int start = from; start < to; ) {
      int end = -1;
      int row = START * classes;
      int i = start;
      while (i < to) {
        int label = classOfUnit[units[i - from]] & 0xFF;
        int width = 1;
        if (label == PAIR) {
          boolean paired = i + 1 < to && Character.isLowSurrogate(units[i - from + 1]);
          label = paired ? astral(Character.toCodePoint(units[i - from], units[i - from + 1])) : classOfUnit[0xFFFD] & 0xFF;
          width = paired ? 2 : 1;
        }
        int step = table[row + label];
        if ((step & 1) != 0) {
          end = i;
        }
        row = step >>> 1;
        if (row == DEAD) {
          break;
        }
        i += width;
      }
      if (row != DEAD && (table[row + endClass] & 1) != 0) {
        end = to;
      }
      wasted += end < 0 ? i - start : i - end;
      if (wasted > 100_000 + 1000L * (to - from)) {
        throw new TokenizerException(place + ": the pattern takes more than 1000 steps a character on this text");
      }
      if (end < 0) {
        start += Character.charCount(text.codePointAt(start));
        continue;
      }
      if (start > done) {
        parts.part(done, start, false);
      }
      parts.part(start, end, true);
      done = end;
      start = end;
    }
    if (done < to) {
      parts.part(done, to, false);
    }
  }

  private int astral(int codePoint) {
    int at = Arrays.binarySearch(astralStarts, codePoint);
    return astralClasses[at >= 0 ? at : -at - 2] & 0xFF;
  }

  /** Characters that no set of the pattern tells apart are of one class. */
  private static final class Classes {

    final List<Long> members = new ArrayList<>();
    final byte[] classOfUnit = new byte[0x10000];
    final int[] astralStarts;
    final byte[] astralClasses;
    final int count;

    Classes(List<CodePointSet> sets) throws PatternParser.BeyondException {
      if (sets.size() > Long.SIZE) {
        throw new PatternParser.BeyondException("more than 64 sets of characters");
      }
      TreeSet<Integer> borders = new TreeSet<>(List.of(0, 0x10000));
      for (CodePointSet set : sets) {
        Arrays.stream(set.borders()).forEach(borders::add);
      }
      int[] starts = borders.stream().mapToInt(Integer::intValue).toArray();
      byte[] labels = new byte[starts.length];
      Map<Long, Integer> known = new HashMap<>();
      for (int i = 0; i < starts.length; i++) {
        long mask = 0;
        for (int set = 0; set < sets.size(); set++) {
          mask |= sets.get(set).contains(starts[i]) ? 1L << set : 0;
        }
        Integer label = known.get(mask);
        if (label == null) {
          label = known.size();
          known.put(mask, label);
          members.add(mask);
        }
        labels[i] = label.byteValue();
        int end = i + 1 < starts.length ? starts[i + 1] : Character.MAX_CODE_POINT + 1;
        if (starts[i] < 0x10000) {
          Arrays.fill(classOfUnit, starts[i], end, labels[i]);
        }
      }
      if (known.size() >= PAIR - 1) {
        throw new PatternParser.BeyondException("more than " + (PAIR - 2) + " classes of characters");
      }
      Arrays.fill(classOfUnit, Character.MIN_HIGH_SURROGATE, Character.MAX_HIGH_SURROGATE + 1, (byte) PAIR);
      int astral = Arrays.binarySearch(starts, 0x10000);
      astralStarts = Arrays.copyOfRange(starts, astral, starts.length);
      astralClasses = Arrays.copyOfRange(labels, astral, labels.length);
      count = known.size();
    }

    boolean contains(int set, int label) {
      return (members.get(label) >>> set & 1) != 0;
    }
  }

  /** The non-deterministic automaton; a state takes a character, looks at one, goes two ways, or is the match. */
  private static final class Program {

    private static final int TAKE = 0;
    private static final int LOOK = 1;
    private static final int LOOK_OR_END = 2;
    private static final int FORK = 3;
    private static final int MATCH = 4;

    private final List<int[]> states = new ArrayList<>();
    private final LinkedHashSet<CodePointSet> sets = new LinkedHashSet<>();
    private final Map<CodePointSet, Integer> numbers = new HashMap<>();

    List<CodePointSet> sets() {
      return List.copyOf(sets);
    }

    int match() throws PatternParser.BeyondException {
      return state(MATCH, 0, 0);
    }

    private int state(int kind, int first, int second) throws PatternParser.BeyondException {
      if (states.size() == MAX_PARTS) {
        throw new PatternParser.BeyondException("more than " + MAX_PARTS + " parts");
      }
      states.add(new int[] {kind, first, second});
      return states.size() - 1;
    }

    private int number(CodePointSet set) {
      if (sets.add(set)) {
        numbers.put(set, numbers.size());
      }
      return numbers.getOrDefault(set, -1);
    }

    /** Adds a node that goes on at {@code next} and returns where it begins. */
    int add(PatternNode node, int next) throws PatternParser.BeyondException {
      return switch (node) {
        case PatternNode.Chars(CodePointSet set) -> state(TAKE, number(set), next);
        case PatternNode.Ahead(CodePointSet set, boolean end) -> state(end ? LOOK_OR_END : LOOK, number(set), next);
        case PatternNode.Sequence(List<PatternNode> parts) -> {
          int at = next;
          for (PatternNode part : parts.reversed()) {
            at = add(part, at);
          }
          yield at;
        }
        case PatternNode.Choice(List<PatternNode> ways) -> {
          int at = add(ways.getLast(), next);
          for (PatternNode way : ways.subList(0, ways.size() - 1).reversed()) {
            at = state(FORK, add(way, next), at);
          }
          yield at;
        }
        case PatternNode.Repeat repeat -> repeat(repeat, next);
      };
    }

    private int repeat(PatternNode.Repeat repeat, int next) throws PatternParser.BeyondException {
      if (repeat.appetite() == PatternNode.Appetite.POSSESSIVE) {
        requireNoNeedToGiveBack(repeat.body(), next);
      }
      boolean lazy = repeat.appetite() == PatternNode.Appetite.LAZY;
      int at = next;
      if (repeat.max() == PatternNode.Repeat.UNBOUNDED) {
        int fork = state(FORK, 0, 0);
        int body = add(repeat.body(), fork);
        states.set(fork, lazy ? new int[] {FORK, next, body} : new int[] {FORK, body, next});
        at = fork;
      } else {
        for (int i = repeat.min(); i < repeat.max(); i++) {
          int body = add(repeat.body(), at);
          at = lazy ? state(FORK, next, body) : state(FORK, body, next);
        }
      }
      for (int i = 0; i < repeat.min(); i++) {
        at = add(repeat.body(), at);
      }
      return at;
    }

    /** A possessive repetition is a greedy one if what follows always matches, or cannot begin with what is repeated. */
    private void requireNoNeedToGiveBack(PatternNode body, int next) throws PatternParser.BeyondException {
      if (!(body instanceof PatternNode.Chars(CodePointSet repeated))) {
        throw new PatternParser.BeyondException("a possessive repetition of more than a character");
      }
      List<CodePointSet> known = sets();
      List<Integer> leaves = new ArrayList<>();
      follow(next, leaves, new boolean[states.size()]);
      boolean alwaysMatches = leaves.stream().anyMatch(leaf -> states.get(leaf)[0] == MATCH);
      for (int leaf : leaves) {
        int[] state = states.get(leaf);
        if (!alwaysMatches && !known.get(state[1]).intersect(repeated).isEmpty()) {
          throw new PatternParser.BeyondException("a possessive repetition that would have to give back");
        }
      }
    }

    /** Collects, in order, the states that a state leads to without taking or looking at a character. */
    void follow(int from, List<Integer> leaves, boolean[] seen) {
      List<Integer> open = new ArrayList<>(List.of(from));
      while (!open.isEmpty()) {
        int at = open.removeLast();
        if (seen[at]) {
          continue;
        }
        seen[at] = true;
        int[] state = states.get(at);
        if (state[0] == FORK) {
          open.add(state[2]);
          open.add(state[1]);
        } else {
          leaves.add(at);
        }
      }
    }
  }

  /** Makes the table of transitions: twice where the row of the next state begins, plus one if a match ends before the character. */
  private static final class Determinizer {

    private final Program program;
    private final Classes classes;
    private final List<List<Integer>> states = new ArrayList<>();
    private final Map<List<Integer>, Integer> numbers = new HashMap<>();
    private long work;

    Determinizer(Program program, Classes classes) {
      this.program = program;
      this.classes = classes;
    }

    int[] table(int start) throws PatternParser.BeyondException {
      number(List.of());
      List<Integer> first = new ArrayList<>();
      program.follow(start, first, new boolean[program.states.size()]);
      number(first);
      int width = classes.count + 1;
      int[] table = new int[64 * width];
      for (int state = 0; state < states.size(); state++) {
        if ((state + 1) * width > table.length) {
          table = Arrays.copyOf(table, 2 * table.length);
        }
        for (int label = 0; label < width; label++) {
          table[state * width + label] = step(states.get(state), label);
          if (state == START && (table[state * width + label] & 1) != 0) {
            throw new PatternParser.BeyondException("a match of nothing");
          }
        }
      }
      return Arrays.copyOf(table, states.size() * width);
    }

    private int number(List<Integer> list) throws PatternParser.BeyondException {
      Integer known = numbers.putIfAbsent(list, states.size());
      if (known != null) {
        return known;
      }
      states.add(list);
      if (states.size() > MAX_STATES) {
        throw new PatternParser.BeyondException("more than " + MAX_STATES + " states");
      }
      return states.size() - 1;
    }

    private int step(List<Integer> list, int label) throws PatternParser.BeyondException {
      work += list.size() + program.states.size() / 8;
      if (work > MAX_WORK) {
        throw new PatternParser.BeyondException("too many ways to match");
      }
      List<Integer> reached = new ArrayList<>();
      boolean[] seen = new boolean[program.states.size()];
      boolean[] looked = new boolean[program.states.size()];
      boolean matched = false;
      List<Integer> open = new ArrayList<>(list.reversed());
      while (!open.isEmpty() && !matched) {
        int at = open.removeLast();
        if (looked[at]) {
          continue;
        }
        looked[at] = true;
        int[] state = program.states.get(at);
        switch (state[0]) {
          case Program.MATCH -> matched = true;
          case Program.TAKE -> {
            if (label < classes.count && classes.contains(state[1], label)) {
              program.follow(state[2], reached, seen);
            }
          }
          default -> {
            boolean holds = label < classes.count ? classes.contains(state[1], label) : state[0] == Program.LOOK_OR_END;
            if (holds) {
              List<Integer> behind = new ArrayList<>();
              program.follow(state[2], behind, new boolean[program.states.size()]);
              open.addAll(behind.reversed());
            }
          }
        }
      }
      return number(List.copyOf(reached)) * (classes.count + 1) << 1 | (matched ? 1 : 0);
    }
  }
}
