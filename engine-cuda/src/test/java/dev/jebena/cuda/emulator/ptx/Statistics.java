package dev.jebena.cuda.emulator.ptx;

/** What was counted while blocks ran. */
final class Statistics {

  /** Executions of each step, a lane each. */
  final long[] laneSteps;

  long bytesRead;
  long bytesWritten;
  long sectorsRead;
  long sectorsWritten;

  Statistics(int steps) {
    laneSteps = new long[steps];
  }

  void read(long bytes, int sectors) {
    bytesRead += bytes;
    sectorsRead += sectors;
  }

  void written(long bytes, int sectors) {
    bytesWritten += bytes;
    sectorsWritten += sectors;
  }

  void clear() {
    java.util.Arrays.fill(laneSteps, 0);
    bytesRead = 0;
    bytesWritten = 0;
    sectorsRead = 0;
    sectorsWritten = 0;
  }

  synchronized void add(Statistics other) {
    for (int i = 0; i < laneSteps.length; i++) {
      laneSteps[i] += other.laneSteps[i];
    }
    bytesRead += other.bytesRead;
    bytesWritten += other.bytesWritten;
    sectorsRead += other.sectorsRead;
    sectorsWritten += other.sectorsWritten;
  }
}
