package dev.jebena.server;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the README shows works. */
class ReadmeTest {

  @TempDir Path folder;

  private static String readme() throws IOException {
    return Files.readString(Path.of("..", "README.md"));
  }

  @Test
  void theExampleCompiles() throws IOException {
    Matcher code = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(readme());
    assertTrue(code.find(), "the README has an example in Java");
    Path source = Files.writeString(folder.resolve("Example.java"), code.group(1));
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    ByteArrayOutputStream messages = new ByteArrayOutputStream();
    int result = compiler.run(
        null, messages, messages, "-cp", System.getProperty("java.class.path"), "-d", folder.toString(), source.toString());
    assertTrue(result == 0, messages.toString(StandardCharsets.UTF_8));
  }

  @Test
  void itsLinksLeadSomewhere() throws IOException {
    Matcher link = Pattern.compile("]\\(([^)#:]+)\\)").matcher(readme());
    while (link.find()) {
      assertTrue(Files.exists(Path.of("..", link.group(1))), link.group(1));
    }
  }
}
