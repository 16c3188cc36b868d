package dev.jebena.server.cli;

import dev.jebena.models.ModelOptions;
import dev.jebena.server.JebenaServer;
import dev.jebena.server.ServerConfig;
import dev.jebena.tokenizer.template.ChatTemplates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jline.utils.Signals;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Serves a model to OpenAI's clients, with vLLM's flags. */
@Command(
    name = "serve",
    header = "Serves a model to clients of OpenAI's API.",
    description = "Serves MODEL over HTTP to clients of OpenAI's API; the flags are vLLM's, as far as they mean something here.")
final class ServeCommand implements Callable<Integer> {

  private final Surroundings surroundings;

  @Mixin
  @SuppressWarnings("unused")
  private final CommonOptions common = new CommonOptions();

  @Mixin
  private final EngineOptions engineOptions = new EngineOptions();

  @Mixin
  private final TokenizerFlags tokenizerFlags = new TokenizerFlags();

  @Parameters(arity = "0..1", paramLabel = "MODEL", description = "A GGUF file, or a name such as smollm2:135m (the model that is installed).")
  private String modelWord = "";

  @Option(names = "--model", paramLabel = "MODEL", description = "The model, if it is not given as a word.")
  private String modelName = "";

  @Option(names = "--host", paramLabel = "ADDRESS", defaultValue = "0.0.0.0", description = "Address to listen on (${DEFAULT-VALUE}, which is every one).")
  private String host = "0.0.0.0";

  @Option(names = "--port", paramLabel = "N", defaultValue = "8000", description = "Port to listen on (${DEFAULT-VALUE}); 0 lets the system choose.")
  private int port = 8000;

  @Option(names = "--api-key", paramLabel = "KEY", arity = "1..*", split = Settings.SEPARATOR, hideParamSyntax = true,
      description = "Keys that clients may use; without, everybody may come. VLLM_API_KEY is read too.")
  private List<String> apiKeys = List.of();

  @Option(names = "--served-model-name", paramLabel = "NAME", arity = "1..*", split = Settings.SEPARATOR, hideParamSyntax = true,
      description = "Names that clients know the model by; the first stands in answers.")
  private List<String> servedNames = List.of();

  @Option(names = "--allowed-origins", paramLabel = "ORIGIN", arity = "1..*", split = Settings.SEPARATOR, hideParamSyntax = true,
      description = "Origins whose pages may call from a browser (*).")
  private List<String> allowedOrigins = List.of("*");

  @Option(names = "--chat-template", paramLabel = "FILE|TEXT", description = "A Jinja template to use instead of the model's own.")
  private Optional<String> chatTemplate = Optional.empty();

  @Option(names = "--trust-request-chat-template", description = "Clients may send chat templates of their own with their requests.")
  private boolean trustRequestChatTemplate;

  @Option(names = "--max-waiting", paramLabel = "N", description = "Requests that may wait; further ones get 429 (1024).")
  private @Nullable Integer maxWaiting;

  @Option(names = "--shutdown-timeout", paramLabel = "SECONDS", defaultValue = "30",
      description = "How long requests may go on after a signal to end (${DEFAULT-VALUE}).")
  private int shutdownTimeoutSeconds = 30;

  @Option(names = "--headless", description = "As vLLM has it for nodes that follow; they serve nothing with or without it.")
  @SuppressWarnings("unused")
  private boolean headless;

  ServeCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    ModelLocator locator = new ModelLocator(surroundings);
    if (!modelWord.isEmpty() && !modelName.isEmpty()) {
      throw new UsageException("the model is named twice: '" + modelWord + "' and --model '" + modelName + "'");
    }
    String word = modelWord.isEmpty() ? modelName : modelWord;
    Path path = word.isEmpty() ? locator.shipped() : locator.locate(word);
    if (engineOptions.follow(path)) {
      return ExitCode.DONE;
    }
    var engineConfig = engineOptions.builder();
    if (maxWaiting != null) {
      engineConfig.maxWaiting(maxWaiting);
    }
    var checkedConfig = EngineOptions.build(engineConfig);
    ModelOptions modelOptions = ModelOptions.defaults().withTokenizer(tokenizerFlags.options());
    CountDownLatch ended = new CountDownLatch(1);
    AtomicInteger status = new AtomicInteger(ExitCode.DONE);
    try (JebenaServer server = JebenaServer.listen(serverConfig());
        Signaled _ = new Signaled("TERM", ended::countDown);
        Signaled _ = new Signaled("INT", () -> {
          status.set(ExitCode.INTERRUPTED);
          ended.countDown();
        });
        LoadedEngine loaded = LoadedEngine.load(path, modelOptions, checkedConfig, server.engineListener(), surroundings)) {
      loaded.engine().failure().thenAccept(cause -> {
        surroundings.err().println("jebena serve: the engine has failed: " + cause.getMessage());
        status.set(ExitCode.FAILED);
        ended.countDown();
      });
      if (ended.getCount() > 0) {
        server.serve(loaded.engine());
        String address = host.contains(":") ? "[" + host + "]" : host;
        surroundings.out().println("Listening on http://" + address + ":" + server.port());
        surroundings.out().flush();
      }
      ended.await();
      int left = server.drain(Duration.ofSeconds(shutdownTimeoutSeconds));
      if (left > 0) {
        surroundings.err().println("jebena serve: " + left + " requests had not ended after " + shutdownTimeoutSeconds + " s and were cut off");
      }
    }
    return status.get();
  }

  private ServerConfig serverConfig() throws IOException {
    if (shutdownTimeoutSeconds < 0) {
      throw new UsageException("--shutdown-timeout is " + shutdownTimeoutSeconds + ": use 0 or more seconds");
    }
    String key = surroundings.environment().getOrDefault("VLLM_API_KEY", "");
    ServerConfig.Builder builder = ServerConfig.builder()
        .host(host)
        .port(port)
        .apiKeys(apiKeys.isEmpty() && !key.isEmpty() ? List.of(key) : apiKeys)
        .modelNames(servedNames)
        .allowedOrigins(allowedOrigins);
    if (trustRequestChatTemplate) {
      builder.trustRequestTemplates();
    }
    if (chatTemplate.isPresent()) {
      String given = chatTemplate.get();
      builder.chatTemplate(ChatTemplates.compile(given.contains("{") ? given : Files.readString(Path.of(given))));
    }
    try {
      return builder.build();
    } catch (IllegalArgumentException e) {
      throw new UsageException(String.valueOf(e.getMessage()));
    }
  }

  /** Hears a signal of the system until it is closed. */
  private static final class Signaled implements AutoCloseable {

    private final String name;
    private final @Nullable Object before;

    private Signaled(String name, Runnable heard) {
      this.name = name;
      this.before = Signals.register(name, heard);
    }

    @Override
    public void close() {
      if (before != null) {
        Signals.unregister(name, before);
      }
    }
  }
}
