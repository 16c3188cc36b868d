package dev.jebena.tokenizer.template;

import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One rendering: its variables, output and budget, and the place in the source that it is at. */
final class Run {

  final Budget budget;
  final Clock clock;

  /** Where in the source the operation stands that runs now; what fails is reported there. */
  int place;

  /** The text of the block that ended last, for the filter that takes it. */
  String captured = "";

  private final TemplateLimits limits;
  private final Map<String, @Nullable Object> variables = new HashMap<>();
  private final StringBuilder output = new StringBuilder();
  private final List<ChatTemplate.Span> generated = new ArrayList<>();
  private StringBuilder out = output;
  private int depth;

  Run(TemplateLimits limits, Clock clock, Map<String, ? extends @Nullable Object> variables) {
    this.limits = limits;
    this.budget = new Budget(limits);
    this.clock = clock;
    variables.forEach((name, value) -> this.variables.put(name, Values.of(value)));
  }

  /** A variable that the caller gives, or a function that every template has; {@link Values#MISSING} if there is none. */
  @Nullable Object resolve(String name) {
    Object value = variables.get(name);
    if (value != null || variables.containsKey(name)) {
      return value;
    }
    Callable function = Globals.FUNCTIONS.get(name);
    return function == null ? Values.MISSING : function;
  }

  void write(String text) {
    out.append(text);
    budget.writes(out.length());
  }

  /** What {@code body} writes; null if it ended with something else than {@link Code.Flow#ON}. */
  @Nullable String capture(Supplier<Code.Flow> body) {
    StringBuilder before = out;
    out = new StringBuilder();
    try {
      Code.Flow flow = body.get();
      budget.builds(out.length());
      return flow == Code.Flow.ON ? out.toString() : null;
    } finally {
      out = before;
    }
  }

  /** One call within another begins. */
  void enter() {
    if (++depth > limits.maxDepth()) {
      throw new Failure("the template calls itself deeper than " + limits.maxDepth());
    }
  }

  void leave() {
    depth--;
  }

  /** Writes the text of a model's own turn. */
  void writeGenerated(String text) {
    generated.add(new ChatTemplate.Span(output.length(), output.length() + text.length()));
    write(text);
  }

  ChatTemplate.Rendering rendering() {
    return new ChatTemplate.Rendering(output.toString(), List.copyOf(generated));
  }
}
