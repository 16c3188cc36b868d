package dev.jebena.server;

import dev.jebena.server.http.HttpSettings;
import dev.jebena.server.openai.RequestTemplates;
import dev.jebena.tokenizer.template.ChatTemplate;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * How the server listens and whom it lets in.
 *
 * @param host address to listen on; {@code 0.0.0.0} is every address
 * @param port 0 for one that the system chooses
 * @param apiKeys keys that clients may use; without any, everybody may come
 * @param modelNames names that clients know the model by, the first stands in answers; without any, the model's own
 * @param allowedOrigins origins whose pages may call from a browser; {@code *} is all
 * @param chatTemplate used instead of the model's own
 * @param requestTemplates whether clients may send chat templates
 * @param http limits and timeouts of connections
 */
public record ServerConfig(
    String host,
    int port,
    List<String> apiKeys,
    List<String> modelNames,
    List<String> allowedOrigins,
    Optional<ChatTemplate> chatTemplate,
    RequestTemplates requestTemplates,
    HttpSettings http) {

  /** What is right for most. */
  public static final ServerConfig DEFAULTS = builder().build();

  public ServerConfig {
    apiKeys = List.copyOf(apiKeys);
    modelNames = List.copyOf(modelNames);
    allowedOrigins = List.copyOf(allowedOrigins);
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException("port is " + port + ": use a number from 0 to 65535");
    }
    if (apiKeys.stream().anyMatch(String::isBlank)) {
      throw new IllegalArgumentException("an API key is empty: leave it out, or use one that is not");
    }
  }

  /** A builder that starts from the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Collects what differs from the defaults. */
  public static final class Builder {

    private String host = "0.0.0.0";
    private int port = 8000;
    private List<String> apiKeys = List.of();
    private List<String> modelNames = List.of();
    private List<String> allowedOrigins = List.of("*");
    private Optional<ChatTemplate> chatTemplate = Optional.empty();
    private RequestTemplates requestTemplates = RequestTemplates.REFUSED;
    private int maxHeaderBytes = 64 << 10;
    private int maxBodyBytes = 8 << 20;
    private long maxBufferedBytes = 256L << 20;
    private int maxConnections = 8192;
    private Duration requestTimeout = Duration.ofSeconds(60);
    private Duration idleTimeout = Duration.ofSeconds(75);
    private Duration writeTimeout = Duration.ofSeconds(30);

    private Builder() {}

    public Builder host(String value) {
      host = value;
      return this;
    }

    /** 0 lets the system choose. */
    public Builder port(int value) {
      port = value;
      return this;
    }

    public Builder apiKeys(List<String> values) {
      apiKeys = values;
      return this;
    }

    public Builder modelNames(List<String> values) {
      modelNames = values;
      return this;
    }

    public Builder allowedOrigins(List<String> values) {
      allowedOrigins = values;
      return this;
    }

    public Builder chatTemplate(ChatTemplate value) {
      chatTemplate = Optional.of(value);
      return this;
    }

    /** Lets clients send chat templates of their own. */
    public Builder trustRequestTemplates() {
      requestTemplates = RequestTemplates.TRUSTED;
      return this;
    }

    /** The longest head of a request. */
    public Builder maxHeaderBytes(int value) {
      maxHeaderBytes = value;
      return this;
    }

    /** The longest body of a request. */
    public Builder maxBodyBytes(int value) {
      maxBodyBytes = value;
      return this;
    }

    /** Bodies of all requests together. */
    public Builder maxBufferedBytes(long value) {
      maxBufferedBytes = value;
      return this;
    }

    public Builder maxConnections(int value) {
      maxConnections = value;
      return this;
    }

    /** How long a request may take to arrive. */
    public Builder requestTimeout(Duration value) {
      requestTimeout = value;
      return this;
    }

    /** How long a connection may stay open between requests. */
    public Builder idleTimeout(Duration value) {
      idleTimeout = value;
      return this;
    }

    /** How long a client may leave a response unread. */
    public Builder writeTimeout(Duration value) {
      writeTimeout = value;
      return this;
    }

    /**
     * The configuration.
     *
     * @throws IllegalArgumentException naming the value that is out of range
     */
    public ServerConfig build() {
      return new ServerConfig(
          host, port, apiKeys, modelNames, allowedOrigins, chatTemplate, requestTemplates,
          new HttpSettings(
              maxHeaderBytes, maxBodyBytes, maxBufferedBytes, maxConnections, requestTimeout, idleTimeout, writeTimeout));
    }
  }
}
