package dev.jebena.server.cli;

import java.io.BufferedInputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneId;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a command finds around it, so that tests can give it something else.
 *
 * @param in standard input
 * @param out standard output, which belongs to the result
 * @param err standard error, for everything else
 * @param terminals the streams behind which a person sits
 * @param environment environment variables
 * @param home the folder of the installation or checkout
 * @param clock tells the date to templates
 */
record Surroundings(
    InputStream in,
    PrintStream out,
    PrintStream err,
    Set<Stream> terminals,
    Map<String, String> environment,
    Optional<Path> home,
    Clock clock) {

  /** What the launcher says of the installation's folder. */
  private static final String HOME = "jebena.home";

  /** The file descriptors that are terminals, as the launcher found them: digits of 0, 1 and 2. */
  private static final String TERMINAL = "jebena.terminal";

  private static final int BUFFER_BYTES = 1 << 16;

  /** The three streams of a process. */
  enum Stream {
    IN('0'),
    OUT('1'),
    ERR('2');

    private final char descriptor;

    Stream(char descriptor) {
      this.descriptor = descriptor;
    }
  }

  static Surroundings ofProcess() {
    PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);
    PrintStream err = new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
    return new Surroundings(
        new BufferedInputStream(new FileInputStream(FileDescriptor.in), BUFFER_BYTES),
        out,
        err,
        findTerminals(),
        System.getenv(),
        Optional.ofNullable(System.getProperty(HOME)).map(Path::of),
        Clock.system(ZoneId.systemDefault()));
  }

  private static Set<Stream> findTerminals() {
    Set<Stream> terminals = EnumSet.noneOf(Stream.class);
    String said = System.getProperty(TERMINAL, "");
    for (Stream stream : Stream.values()) {
      if (said.indexOf(stream.descriptor) >= 0) {
        terminals.add(stream);
      }
    }
    return terminals;
  }

  /** Whether a person sits behind the stream. */
  boolean isTerminal(Stream stream) {
    return terminals.contains(stream);
  }
}
