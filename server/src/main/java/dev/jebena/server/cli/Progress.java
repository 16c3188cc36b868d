package dev.jebena.server.cli;

import dev.jebena.engine.backend.LoadProgress;
import java.io.PrintStream;
import java.util.concurrent.atomic.AtomicInteger;

/** Shows on a terminal how far long work has come, on one line that is wiped at the end; silent where nobody looks. */
final class Progress implements AutoCloseable {

  private static final String WIPE = "\r\u001b[K";

  private final PrintStream err;
  private final boolean shown;
  private final AtomicInteger percent = new AtomicInteger(-1);

  Progress(Surroundings surroundings) {
    this.err = surroundings.err();
    this.shown = surroundings.isTerminal(Surroundings.Stream.ERR);
  }

  /** Says what is done now. */
  synchronized void say(String what) {
    if (shown) {
      err.print(WIPE + what);
      err.flush();
    }
  }

  /** Says how far loading has come. */
  LoadProgress loading() {
    return (done, total) -> {
      int now = total == 0 ? 100 : (int) (100 * done / total);
      if (percent.getAndSet(now) != now) {
        say("loading the model: " + now + " %");
      }
    };
  }

  /** Wipes the line. */
  @Override
  public synchronized void close() {
    if (shown) {
      err.print(WIPE);
      err.flush();
    }
  }
}
