package dev.jebena.server.cli;

import dev.jebena.engine.model.Model;
import dev.jebena.engine.program.Program;
import dev.jebena.models.ModelException;
import dev.jebena.models.ModelOptions;
import dev.jebena.models.Models;
import dev.jebena.models.file.FileMappings;
import dev.jebena.models.gguf.GgufFile;
import dev.jebena.models.gguf.GgufMetadata;
import dev.jebena.models.gguf.GgufTensor;
import dev.jebena.models.gguf.GgufValue;
import dev.jebena.models.gguf.GgufValueType;
import java.io.PrintStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Says what a model file is. */
@Command(
    name = "inspect",
    header = "Says what a model file is.",
    description = "Says what a model file is: architecture, sizes, types, text, memory, and what would not work and why.")
final class InspectCommand implements Callable<Integer> {

  private static final int SHOWN_CHARACTERS = 100;

  private final Surroundings surroundings;

  @Mixin
  @SuppressWarnings("unused")
  private final CommonOptions common = new CommonOptions();

  @Parameters(paramLabel = "MODEL", description = "A GGUF file, or a name such as smollm2:135m.")
  private String model = "";

  @Mixin
  private final TokenizerFlags tokenizerFlags = new TokenizerFlags();

  @Option(names = "--tensors", description = "List every tensor.")
  private boolean tensors;

  @Option(names = "--json", description = "Print one JSON value.")
  private boolean json;

  InspectCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() {
    Path path = new ModelLocator(surroundings).locate(model);
    Map<String, Object> report = new LinkedHashMap<>();
    try (GgufFile file = GgufFile.open(path, new FileMappings())) {
      container(report, file);
    }
    List<String> problems = new ArrayList<>();
    try (Model opened = Models.open(path, ModelOptions.idsOnly())) {
      program(report, opened);
    } catch (ModelException e) {
      problems.add(String.valueOf(e.getMessage()));
    }
    if (problems.isEmpty()) {
      text(report, path, problems);
    }
    report.put("problems", problems);
    if (json) {
      JsonLines.write(surroundings.out(), report);
    } else {
      print(report);
    }
    return ExitCode.DONE;
  }

  private void container(Map<String, Object> report, GgufFile file) {
    GgufMetadata metadata = file.metadata();
    report.put("files", file.paths().stream().map(Path::toString).toList());
    report.put("format", "GGUF version " + file.version());
    report.put("bytes", file.byteSize());
    report.put("architecture", metadata.text("general.architecture").orElse("not named"));
    report.put("name", metadata.text("general.name").orElse("not named"));
    Map<String, Long> types = new TreeMap<>();
    file.tensors().values().forEach(tensor -> types.merge(tensor.type().name(), 1L, Long::sum));
    report.put("tensors_by_type", types);
    report.put("parameters", file.tensors().values().stream().mapToLong(GgufTensor::elements).sum());
    Map<String, Object> values = new LinkedHashMap<>();
    metadata.values().forEach((key, value) -> values.put(key, shown(value)));
    report.put("metadata", values);
    if (tensors) {
      report.put("tensors", file.tensors().values().stream().map(InspectCommand::tensor).toList());
    }
  }

  private static Map<String, Object> tensor(GgufTensor tensor) {
    Map<String, Object> value = new LinkedHashMap<>();
    value.put("name", tensor.name());
    value.put("type", tensor.type().name());
    value.put("dimensions", tensor.dimensions());
    value.put("offset", tensor.offset());
    return value;
  }

  private static Object shown(GgufValue value) {
    return switch (value) {
      case GgufValue.Whole(GgufValueType type, long number) -> number;
      case GgufValue.Real(GgufValueType type, double number) -> number;
      case GgufValue.Flag(boolean flag) -> flag;
      case GgufValue.Text(String text) -> text;
      case GgufValue.Array(GgufValueType elementType, long count, MemorySegment encoded) -> count + " of " + elementType;
    };
  }

  private static void program(Map<String, Object> report, Model opened) {
    Program program = opened.program();
    report.put("max_context", opened.maxContext());
    report.put("vocabulary", program.vocabularySize());
    report.put("operations", program.operations().size());
    Map<String, Object> memory = new LinkedHashMap<>();
    memory.put("weight_bytes", program.weightBytes());
    memory.put("kv_bytes_per_token_f32", 4 * program.kvElementsPerToken());
    memory.put("kv_bytes_per_token_f16", 2 * program.kvElementsPerToken());
    memory.put("kv_bytes_full_context_f32", 4 * program.kvElementsPerToken() * opened.maxContext());
    report.put("memory", memory);
  }

  private void text(Map<String, Object> report, Path path, List<String> problems) {
    try (Model opened = Models.open(path, ModelOptions.defaults().withTokenizer(tokenizerFlags.options()))) {
      report.put("tokenizer", opened.tokenizer().isPresent());
      report.put("chat_template", opened.chatTemplate().isPresent());
      if (opened.tokenizer().isEmpty()) {
        problems.add("there is no tokenizer: only token ids are understood");
      } else if (opened.chatTemplate().isEmpty()) {
        problems.add("there is no chat template: use 'run --raw', /v1/completions, or give 'serve' a template");
      }
    } catch (RuntimeException e) {
      problems.add("text: " + e.getMessage());
    }
  }

  private void print(Map<String, Object> report) {
    PrintStream out = surroundings.out();
    report.forEach((key, value) -> {
      switch (value) {
        case Map<?, ?> map -> {
          out.println(key);
          map.forEach((name, content) -> out.printf("  %-40s %s%n", name, brief(content)));
        }
        case List<?> list -> {
          out.println(key + (list.isEmpty() ? ": none" : ""));
          list.forEach(element -> out.println("  " + (element instanceof Map<?, ?> map ? row(map) : element)));
        }
        default -> out.printf("%-16s %s%n", key, key.equals("bytes") ? Sizes.ofBytes((long) value) : value);
      }
    });
  }

  private static String row(Map<?, ?> tensor) {
    return String.format("%-40s %-8s %s", tensor.get("name"), tensor.get("type"), tensor.get("dimensions"));
  }

  private static String brief(Object content) {
    String text = String.valueOf(content).replaceAll("\\R", "\\\\n");
    return text.length() <= SHOWN_CHARACTERS ? text : text.substring(0, SHOWN_CHARACTERS) + "... (" + text.length() + " characters)";
  }
}
