package dev.jebena.server.cli;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import dev.jebena.models.ModelChat;
import dev.jebena.tokenizer.template.ChatTemplate;
import dev.jebena.tokenizer.template.ChatTemplates;
import dev.jebena.tokenizer.template.TemplateException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.time.temporal.TemporalAccessor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Renders a chat template for each line of a file. */
@Command(
    name = "template",
    header = "Renders a chat template.",
    description = {
      "Renders a chat template for each line of a file, an object with the template's variables:",
      "messages, tools, add_generation_prompt and any other. A line each: {\"text\":...} or {\"error\":...}."
    })
final class TemplateCommand implements Callable<Integer> {

  private static final TypeReference<Map<String, @Nullable Object>> VARIABLES = new TypeReference<>() {};

  private final Surroundings surroundings;

  @Mixin
  @SuppressWarnings("unused")
  private final CommonOptions common = new CommonOptions();

  @Parameters(paramLabel = "MODEL-or-.jinja", description = {
        "A GGUF file (its weights are not read and may be missing), a Hugging Face folder, a name such as smollm2:135m,",
        "or a template in a file that ends in .jinja, .jinja2 or .j2."
      })
  private String source = "";

  @Option(names = "--now", paramLabel = "ISO-8601", description = "What the template sees as the present, such as 2026-11-24T10:00:00Z.")
  private Optional<String> now = Optional.empty();

  @Option(names = "--jsonl", required = true, paramLabel = "FILE", description = "The lines; - is standard input.")
  private String file = "";

  TemplateCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws IOException {
    Clock clock = now.map(TemplateCommand::fixed).orElse(surroundings.clock());
    Map<String, @Nullable Object> defaults = new LinkedHashMap<>();
    ChatTemplate template;
    if (source.endsWith(".jinja") || source.endsWith(".jinja2") || source.endsWith(".j2")) {
      template = compile(source);
    } else {
      Path model = new ModelLocator(surroundings).locate(source);
      ModelChat chat = ModelChat.open(model);
      defaults.putAll(chat.specialTokens());
      template = chat.template().orElseThrow(() -> new CommandException(model + " has no chat template: give a .jinja file"));
    }
    JsonLines.read(surroundings, file, (number, value) -> {
      Map<String, @Nullable Object> variables = new LinkedHashMap<>(defaults);
      variables.putAll(variables(number, value));
      JsonLines.write(surroundings.out(), render(template, variables, clock));
    });
    return ExitCode.DONE;
  }

  private static ChatTemplate compile(String file) throws IOException {
    try {
      return ChatTemplates.compile(Files.readString(Path.of(file)));
    } catch (CharacterCodingException e) {
      throw new CommandException(file + " is not UTF-8: convert it", e);
    } catch (TemplateException e) {
      throw new CommandException(file + ": " + e.getMessage(), e);
    }
  }

  private static Map<String, @Nullable Object> variables(int number, JsonNode value) {
    if (!value.isObject()) {
      throw new CommandException("line " + number + " is not an object of variables");
    }
    return JsonLines.JSON.convertValue(value, VARIABLES);
  }

  private static Map<String, String> render(ChatTemplate template, Map<String, @Nullable Object> variables, Clock clock) {
    try {
      return Map.of("text", template.render(variables, clock));
    } catch (TemplateException e) {
      return Map.of("error", String.valueOf(e.getMessage()));
    }
  }

  private static Clock fixed(String text) {
    try {
      TemporalAccessor time = DateTimeFormatter.ISO_DATE_TIME.parseBest(
          text.contains("T") ? text : LocalDate.parse(text).atStartOfDay().toString(),
          ZonedDateTime::from, OffsetDateTime::from, LocalDateTime::from);
      return switch (time) {
        case ZonedDateTime zoned -> Clock.fixed(zoned.toInstant(), zoned.getZone());
        case OffsetDateTime offset -> Clock.fixed(offset.toInstant(), offset.getOffset());
        case LocalDateTime local -> Clock.fixed(local.toInstant(ZoneOffset.UTC), ZoneOffset.UTC);
        default -> Clock.fixed(Instant.from(time), ZoneId.of("UTC"));
      };
    } catch (DateTimeParseException e) {
      throw new UsageException("--now is '" + text + "': use ISO 8601, such as 2026-11-24T10:00:00Z");
    }
  }
}
