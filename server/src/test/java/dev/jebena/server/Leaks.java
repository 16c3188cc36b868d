package dev.jebena.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.slf4j.LoggerFactory;

/** Listens to what Netty's leak detector finds. */
final class Leaks {

  private static final Queue<String> FOUND = new ConcurrentLinkedQueue<>();

  static {
    ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
    AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
      @Override
      protected void append(ILoggingEvent event) {
        FOUND.add(event.getFormattedMessage());
      }
    };
    appender.start();
    ((Logger) LoggerFactory.getLogger(ResourceLeakDetector.class)).addAppender(appender);
  }

  private Leaks() {}

  /** Listens from now on. */
  static void watch() {}

  /** Fails if a buffer was lost since the tests began. */
  static void assertNone() {
    for (int i = 0; i < 3; i++) {
      System.gc();
      // the detector looks for what was lost when the next buffer is made
      PooledByteBufAllocator.DEFAULT.directBuffer(16).release();
      ByteBufAllocator.DEFAULT.buffer(16).release();
    }
    assertEquals("", String.join("\n", FOUND));
  }
}
