package dev.jebena.server.cli;

import dev.jebena.engine.ChatMessage;
import dev.jebena.engine.Engine;
import dev.jebena.engine.FinishReason;
import dev.jebena.engine.RequestException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;

/** A conversation on a terminal, with editing and history; Ctrl-C stops the answer, Ctrl-D ends the chat. */
final class Chat {

  private static final String HELP = "/clear begins anew, /system TEXT too, with another instruction, /exit ends; Ctrl-C stops an answer";

  private final Surroundings surroundings;
  private final Engine engine;
  private final SamplingOptions sampling;
  private Optional<String> system;
  private final List<ChatMessage> messages = new ArrayList<>();

  Chat(Surroundings surroundings, Engine engine, SamplingOptions sampling, Optional<String> system) {
    this.surroundings = surroundings;
    this.engine = engine;
    this.sampling = sampling;
    this.system = system;
  }

  /** Talks until the person leaves. */
  void talk() throws IOException {
    try (Terminal terminal = TerminalBuilder.builder().system(true).nativeSignals(true).build()) {
      LineReader reader = LineReaderBuilder.builder().terminal(terminal).appName("jebena")
          .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true).build();
      historyFile().ifPresent(file -> reader.setVariable(LineReader.HISTORY_FILE, file));
      PrintStream err = surroundings.err();
      err.println(engine.model().name() + " on " + engine.backendSelection().chosen().name() + ". " + HELP);
      clear();
      while (true) {
        String line;
        try {
          line = reader.readLine("> ").strip();
        } catch (UserInterruptException e) {
          continue;
        } catch (EndOfFileException e) {
          return;
        }
        if (line.equals("/exit") || line.equals("/bye")) {
          return;
        }
        if (line.startsWith("/")) {
          command(line);
        } else if (!line.isEmpty()) {
          answer(terminal, line);
        }
      }
    }
  }

  private void command(String line) {
    if (line.equals("/clear")) {
      clear();
    } else if (line.startsWith("/system ")) {
      system = Optional.of(line.substring("/system ".length()).strip());
      clear();
    } else {
      surroundings.err().println(HELP);
    }
  }

  private void clear() {
    messages.clear();
    system.ifPresent(said -> messages.add(ChatMessage.system(said)));
  }

  private void answer(Terminal terminal, String said) {
    messages.add(ChatMessage.user(said));
    Terminal.SignalHandler before = Terminal.SignalHandler.SIG_DFL;
    try {
      Answer answer = Answer.begin(engine, sampling.request(engine.chatPrompt(messages)));
      before = terminal.handle(Terminal.Signal.INT, signal -> answer.cancel());
      answer.stream(surroundings.out());
      messages.add(ChatMessage.assistant(answer.result().text()));
      surroundings.err().println(
          "(" + (answer.result().finishReason() == FinishReason.ABORT ? "stopped; " : "") + answer.statistics() + ")");
    } catch (RequestException e) {
      messages.removeLast();
      surroundings.err().println(e.getMessage() + " (/clear begins anew)");
    } finally {
      terminal.handle(Terminal.Signal.INT, before);
    }
  }

  /** Beside the person's other state, where there is a place for it. */
  private Optional<Path> historyFile() {
    String home = surroundings.environment().get("HOME");
    String state = surroundings.environment().get("XDG_STATE_HOME");
    if (home == null && state == null) {
      return Optional.empty();
    }
    Path folder = state != null ? Path.of(state, "jebena") : Path.of(String.valueOf(home), ".local", "state", "jebena");
    try {
      Files.createDirectories(folder);
      return Optional.of(folder.resolve("history"));
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
