package dev.jebena.cuda.emulator.ptx;

import dev.jebena.cuda.emulator.ptx.PtxModule.Function;
import dev.jebena.cuda.emulator.ptx.PtxModule.Parameter;
import dev.jebena.cuda.emulator.ptx.PtxModule.Statement;
import dev.jebena.cuda.emulator.ptx.PtxModule.Variable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads PTX text statement by statement. Debug information is skipped. */
final class PtxParser {

  private static final Pattern LABEL = Pattern.compile("([$%\\w]+)\\s*:(?!:)");
  private static final Pattern REGISTERS = Pattern.compile("([%$\\w]+)(?:<(\\d+)>)?");
  private static final Pattern VARIABLE =
      Pattern.compile("\\.(shared|local|global|const|param)\\s+(?:\\.(?:align|ptr)\\s+(\\d+)\\s+)?(?:\\.attribute\\([^)]*\\)\\s+)?\\.(v[24]\\s+\\.)?(\\w+)\\s+([%$\\w]+)\\s*"
          + "((?:\\[\\s*\\d*\\s*\\])*)\\s*(?:=\\s*(.*))?", Pattern.DOTALL);

  private final String text;
  private final PtxModule module;
  private int at;
  private int line = 1;

  PtxParser(String text, PtxModule module) {
    this.text = withoutComments(text);
    this.module = module;
  }

  private static String withoutComments(String text) {
    StringBuilder out = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '/' && i + 1 < text.length() && text.charAt(i + 1) == '/') {
        while (i < text.length() && text.charAt(i) != '\n') {
          i++;
        }
        out.append('\n');
      } else if (c == '/' && i + 1 < text.length() && text.charAt(i + 1) == '*') {
        int end = text.indexOf("*/", i + 2);
        end = end < 0 ? text.length() : end + 2;
        text.substring(i, end).chars().filter(ch -> ch == '\n').forEach(ch -> out.append('\n'));
        i = end - 1;
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }

  void parse() {
    while (skipSpace()) {
      int start = line;
      String head = until(";{");
      char end = at < text.length() ? text.charAt(at) : ';';
      String trimmed = withoutLineDirectives(head);
      if (trimmed.contains(".entry") || trimmed.contains(".func")) {
        if (end == '{') {
          advance();
          function(start, trimmed);
        } else {
          advance();
        }
      } else if (trimmed.startsWith(".section")) {
        skipBlock();
      } else {
        if (end == '{') { // an initialiser
          trimmed = withoutLineDirectives(head + until(";"));
        }
        advance();
        if (!trimmed.isEmpty()) {
          variable(start, trimmed);
        }
      }
    }
  }

  /** Directives that end with the line and not with a semicolon. */
  private static String withoutLineDirectives(String head) {
    return head.replaceAll("(?m)^\\s*\\.(version|target|address_size|file|loc|pragma)\\b[^\\n]*", "").trim();
  }

  private boolean skipSpace() {
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      advance();
    }
    return at < text.length();
  }

  private void advance() {
    if (at < text.length() && text.charAt(at++) == '\n') {
      line++;
    }
  }

  private String until(String stops) {
    int from = at;
    while (at < text.length() && stops.indexOf(text.charAt(at)) < 0) {
      advance();
    }
    return text.substring(from, at);
  }

  private void skipBlock() {
    int depth = 0;
    while (at < text.length()) {
      char c = text.charAt(at);
      advance();
      if (c == '{') {
        depth++;
      } else if (c == '}' && --depth == 0) {
        return;
      }
    }
  }

  private void variable(int start, String declaration) {
    String plain = declaration.replaceAll("\\.(visible|extern|weak|common)\\s+", "");
    if (plain.startsWith(".alias") || plain.startsWith(".pragma")) {
      return;
    }
    Variable variable = variable(start, plain, 0);
    module.variables.put(variable.name(), variable);
  }

  private static Variable variable(int line, String declaration, int ignored) {
    Matcher m = VARIABLE.matcher(declaration);
    if (!m.matches()) {
      throw new PtxException(line, "not understood: " + declaration);
    }
    int vector = m.group(3) == null ? 1 : m.group(3).charAt(1) - '0';
    int element = typeBytes(line, m.group(4)) * vector;
    long count = 1;
    Matcher dimension = Pattern.compile("\\[\\s*(\\d*)\\s*\\]").matcher(m.group(6));
    String initial = m.group(7);
    List<String> values = initial == null ? List.of() : values(initial);
    while (dimension.find()) {
      count *= dimension.group(1).isEmpty() ? values.size() : Long.parseLong(dimension.group(1));
    }
    int align = m.group(2) == null ? element : Integer.parseInt(m.group(2));
    int bytes = (int) (count * element);
    Map<Integer, String> symbols = new HashMap<>();
    ByteBuffer buffer = ByteBuffer.allocate(Math.max(bytes, 0)).order(ByteOrder.LITTLE_ENDIAN);
    int scalar = element / vector;
    for (int i = 0; i < values.size(); i++) {
      String value = values.get(i).trim();
      if (!value.matches("[-0-9].*")) {
        symbols.put(i * scalar, value.replaceAll("generic\\((.*)\\)", "$1"));
        continue;
      }
      long bits = Immediates.bits(line, value, scalar);
      for (int b = 0; b < scalar; b++) {
        buffer.put(i * scalar + b, (byte) (bits >>> 8 * b));
      }
    }
    return new Variable(m.group(5), Space.valueOf(m.group(1).toUpperCase(java.util.Locale.ROOT)), align, bytes, buffer.array(), symbols);
  }

  private static List<String> values(String initial) {
    String flat = initial.replaceAll("[{}]", " ").trim();
    return flat.isEmpty() ? List.of() : List.of(flat.split("\\s*,\\s*"));
  }

  static int typeBytes(int line, String type) {
    return switch (type) {
      case "b8", "s8", "u8" -> 1;
      case "b16", "s16", "u16", "f16", "bf16" -> 2;
      case "b32", "s32", "u32", "f32", "f16x2", "bf16x2" -> 4;
      case "b64", "s64", "u64", "f64" -> 8;
      case "b128" -> 16;
      default -> throw new PtxException(line, "type ." + type + " is not known");
    };
  }

  private void function(int start, String head) {
    boolean entry = head.contains(".entry");
    Matcher m = Pattern.compile("\\.(?:entry|func)\\s*(?:\\(([^)]*)\\)\\s*)?([%$\\w]+)\\s*(?:\\(([^)]*)\\))?(.*)", Pattern.DOTALL).matcher(head);
    if (!m.find()) {
      throw new PtxException(start, "not understood: " + head);
    }
    int maxThreads = 1024;
    Matcher limit = Pattern.compile("\\.(maxntid|reqntid)\\s+(\\d+)\\s*(?:,\\s*(\\d+)\\s*)?(?:,\\s*(\\d+))?").matcher(m.group(4));
    if (limit.find()) {
      maxThreads = Integer.parseInt(limit.group(2)) * (limit.group(3) == null ? 1 : Integer.parseInt(limit.group(3)))
          * (limit.group(4) == null ? 1 : Integer.parseInt(limit.group(4)));
    }
    List<Statement> body = new ArrayList<>();
    body(body);
    module.functions.put(m.group(2), new Function(m.group(2), entry, start, parameters(start, m.group(3)), parameters(start, m.group(1)), body, maxThreads));
  }

  private static List<Parameter> parameters(int line, @org.jspecify.annotations.Nullable String list) {
    List<Parameter> parameters = new ArrayList<>();
    if (list == null || list.isBlank()) {
      return parameters;
    }
    int offset = 0;
    for (String part : list.split(",")) {
      // of ".param .u64 .ptr .global .align 16 name" the pointer's attributes say nothing about the parameter
      String plain = part.trim().replaceAll("\\.ptr(\\s+\\.(global|shared|const|local))?(\\s+\\.align\\s+\\d+)?", "");
      if (plain.startsWith(".reg")) {
        plain = plain.replaceFirst("\\.reg", ".param");
      }
      Variable variable = variable(line, plain, 0);
      offset = (offset + variable.align() - 1) / variable.align() * variable.align();
      parameters.add(new Parameter(variable.name(), offset, variable.bytes(), variable.align()));
      offset += variable.bytes();
    }
    return parameters;
  }

  /** Reads up to the brace that closes the function. */
  private void body(List<Statement> out) {
    int depth = 1;
    while (skipSpace()) {
      char c = text.charAt(at);
      if (c == ';') {
        advance();
      } else if (c == '{') {
        advance();
        depth++;
        out.add(new Statement.Open(line));
      } else if (c == '}') {
        advance();
        if (--depth == 0) {
          return;
        }
        out.add(new Statement.Close(line));
      } else if (text.startsWith(".loc ", at) || text.startsWith(".loc\t", at) || text.startsWith(".file", at)) {
        until("\n");
      } else {
        statement(out);
      }
    }
    throw new PtxException(line, "a function does not end");
  }

  private void statement(List<Statement> out) {
    Matcher label = LABEL.matcher(text).region(at, text.length());
    if (label.lookingAt()) {
      String name = label.group(1);
      int start = line;
      while (at < label.end()) {
        advance();
      }
      skipSpace();
      if (text.startsWith(".branchtargets", at)) {
        String list = until(";").substring(".branchtargets".length());
        out.add(new Statement.Targets(start, name, List.of(list.trim().split("\\s*,\\s*"))));
      } else if (text.startsWith(".callprototype", at)) {
        throw new PtxException(start, "calls through pointers are not emulated");
      } else {
        out.add(new Statement.Label(start, name));
      }
      return;
    }
    int start = line;
    String statement = until(";").trim().replaceAll("\\s+", " ");
    if (statement.startsWith(".reg")) {
      String[] words = statement.split(" ", 3);
      for (String name : words[2].split(",")) {
        Matcher m = REGISTERS.matcher(name.trim());
        if (!m.matches()) {
          throw new PtxException(start, "not understood: " + statement);
        }
        out.add(new Statement.Registers(start, words[1].substring(1), m.group(1), m.group(2) == null ? -1 : Integer.parseInt(m.group(2))));
      }
    } else if (statement.startsWith(".pragma")) {
      return;
    } else if (statement.startsWith(".")) {
      out.add(new Statement.Local(start, variable(start, statement, 0)));
    } else {
      out.add(instruction(start, statement));
    }
  }

  private static Statement.Instruction instruction(int line, String statement) {
    String rest = statement;
    String guard = "";
    boolean negated = false;
    if (rest.startsWith("@")) {
      int space = rest.indexOf(' ');
      negated = rest.charAt(1) == '!';
      guard = rest.substring(negated ? 2 : 1, space);
      rest = rest.substring(space + 1).trim();
    }
    int space = rest.indexOf(' ');
    String opcode = space < 0 ? rest : rest.substring(0, space);
    List<String> operands = space < 0 ? List.of() : split(rest.substring(space + 1));
    return new Statement.Instruction(line, guard, negated, opcode, operands, statement);
  }

  /** Cuts at commas that are in no bracket. */
  static List<String> split(String list) {
    List<String> parts = new ArrayList<>();
    int depth = 0;
    int from = 0;
    for (int i = 0; i < list.length(); i++) {
      switch (list.charAt(i)) {
        case '{', '[', '(' -> depth++;
        case '}', ']', ')' -> depth--;
        case ',' -> {
          if (depth == 0) {
            parts.add(list.substring(from, i).trim());
            from = i + 1;
          }
        }
        default -> {}
      }
    }
    String last = list.substring(from).trim();
    if (!last.isEmpty()) {
      parts.add(last);
    }
    return parts;
  }
}
