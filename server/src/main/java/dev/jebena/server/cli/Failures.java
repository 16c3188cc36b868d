package dev.jebena.server.cli;

import dev.jebena.engine.EngineException;
import dev.jebena.engine.GenerationInterruptedException;
import dev.jebena.engine.backend.BackendException;
import dev.jebena.engine.program.ProgramException;
import dev.jebena.models.ModelException;
import dev.jebena.tokenizer.TokenizerException;
import dev.jebena.tokenizer.template.TemplateException;
import java.io.IOException;
import java.io.UncheckedIOException;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.ParseResult;

/** Says in one line what failed; with {@code --debug} also where. */
final class Failures implements IExecutionExceptionHandler {

  private final Surroundings surroundings;

  Failures(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public int handleExecutionException(Exception failure, CommandLine line, ParseResult parsed) {
    surroundings.out().flush();
    if (failure instanceof UsageException) {
      return Misuse.report(line, String.valueOf(failure.getMessage()));
    }
    line.getErr().println(line.getCommandSpec().qualifiedName() + ": " + oneLine(describe(failure)));
    ParseResult command = parsed;
    while (command.hasSubcommand()) {
      command = command.subcommand();
    }
    if (command.hasMatchedOption("--debug") || surroundings.environment().containsKey("JEBENA_DEBUG")) {
      failure.printStackTrace(line.getErr());
    }
    line.getErr().flush();
    return failure instanceof GenerationInterruptedException || failure instanceof InterruptedException
        ? ExitCode.INTERRUPTED : ExitCode.FAILED;
  }

  private static String describe(Exception failure) {
    return switch (failure) {
      case CommandException e -> String.valueOf(e.getMessage());
      case EngineException e -> String.valueOf(e.getMessage());
      case ModelException e -> String.valueOf(e.getMessage());
      case BackendException e -> String.valueOf(e.getMessage());
      case ProgramException e -> String.valueOf(e.getMessage());
      case TokenizerException e -> String.valueOf(e.getMessage());
      case TemplateException e -> String.valueOf(e.getMessage());
      case UncheckedIOException e when e.getCause() != null -> ioMessage(e.getCause());
      case IOException e -> ioMessage(e);
      default -> "unexpected " + failure.getClass().getSimpleName() + ": " + failure.getMessage() + " (--debug shows where)";
    };
  }

  private static String ioMessage(IOException e) {
    return switch (e) {
      case java.nio.file.NoSuchFileException missing -> missing.getFile() + ": there is no such file";
      case java.nio.file.AccessDeniedException denied -> denied.getFile() + ": access is denied";
      default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    };
  }

  private static String oneLine(String message) {
    return message.strip().replaceAll("\\s*\\R\\s*", "; ");
  }
}
