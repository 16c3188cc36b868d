package dev.jebena.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.errors.UnauthorizedException;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.completions.Completion;
import com.openai.models.completions.CompletionCreateParams;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class OpenAiClientTest {

  private static TestServer server;
  private static OpenAIClient client;

  @BeforeAll
  static void start() {
    server = TestServer.start(builder -> builder.apiKeys(List.of("secret")), _ -> {});
    client = client("secret");
  }

  private static OpenAIClient client(String key) {
    return OpenAIOkHttpClient.builder().baseUrl("http://127.0.0.1:" + server.port() + "/v1").apiKey(key).maxRetries(0).build();
  }

  @AfterAll
  static void stop() {
    client.close();
    server.close();
  }

  private static ChatCompletionCreateParams.Builder chat() {
    return ChatCompletionCreateParams.builder()
        .model(TestModel.NAME)
        .addSystemMessage("Be brief.")
        .addUserMessage("Hello")
        .temperature(0)
        .maxCompletionTokens(8);
  }

  @Test
  void chats() {
    ChatCompletion answer = client.chat().completions().create(chat().logprobs(true).topLogprobs(2).n(2).build()).validate();
    assertEquals(2, answer.choices().size());
    assertEquals(TestModel.NAME, answer.model());
    assertTrue(answer.choices().getFirst().message().content().isPresent());
    assertFalse(answer.choices().getFirst().logprobs().orElseThrow().content().orElseThrow().isEmpty());
    assertEquals(answer.usage().orElseThrow().totalTokens(), answer.usage().get().promptTokens() + answer.usage().get().completionTokens());
  }

  @Test
  void chatsInAStream() {
    ChatCompletion whole = client.chat().completions().create(chat().build());
    ChatCompletionCreateParams params =
        chat().streamOptions(ChatCompletionStreamOptions.builder().includeUsage(true).build()).build();
    try (StreamResponse<ChatCompletionChunk> stream = client.chat().completions().createStreaming(params)) {
      List<ChatCompletionChunk> chunks = stream.stream().map(ChatCompletionChunk::validate).toList();
      assertEquals(
          whole.choices().getFirst().message().content().orElseThrow(),
          chunks.stream()
              .flatMap(chunk -> chunk.choices().stream())
              .map(choice -> choice.delta().content().orElse(""))
              .collect(Collectors.joining()));
      assertEquals(whole.usage().orElseThrow().completionTokens(), chunks.getLast().usage().orElseThrow().completionTokens());
    }
  }

  @Test
  void completes() {
    CompletionCreateParams params =
        CompletionCreateParams.builder().model(TestModel.NAME).prompt("Once").maxTokens(5).temperature(0).logprobs(1).build();
    Completion whole = client.completions().create(params).validate();
    assertEquals(1, whole.choices().size());
    try (StreamResponse<Completion> stream = client.completions().createStreaming(params)) {
      assertEquals(
          whole.choices().getFirst().text(),
          stream.stream().flatMap(chunk -> chunk.choices().stream()).map(choice -> choice.text()).collect(Collectors.joining()));
    }
  }

  @Test
  void listsAndShowsModels() {
    assertEquals(TestModel.NAME, client.models().list().data().getFirst().validate().id());
    assertEquals(TestModel.NAME, client.models().retrieve(TestModel.NAME).validate().id());
    assertThrows(NotFoundException.class, () -> client.models().retrieve("other"));
  }

  @Test
  void understandsTheErrors() {
    BadRequestException bad = assertThrows(
        BadRequestException.class, () -> client.chat().completions().create(chat().temperature(-1).build()));
    assertEquals("temperature", bad.param().orElseThrow());
    OpenAIClient stranger = client("wrong");
    assertThrows(UnauthorizedException.class, () -> stranger.models().list());
    stranger.close();
  }
}
