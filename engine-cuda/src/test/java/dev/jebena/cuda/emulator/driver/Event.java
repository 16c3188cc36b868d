package dev.jebena.cuda.emulator.driver;

import org.jspecify.annotations.Nullable;

/** An event: the point of its last record, and the capture in which it was recorded, if it was. */
final class Event {

  volatile Completion recorded = Completion.PASSED;
  volatile boolean everRecorded;
  volatile @Nullable Capture capture;
}
