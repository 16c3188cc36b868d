package dev.jebena.server.metrics;

import java.util.Arrays;
import java.util.stream.DoubleStream;

/** The histogram borders that vLLM uses, so that its dashboards show the same. */
final class Buckets {

  /** Borders in seconds for the first token. */
  private static final double[] FIRST_TOKEN = {
    .001, .005, .01, .02, .04, .06, .08, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560
  };

  /** Borders in seconds for times between tokens. */
  private static final double[] PER_TOKEN = {.01, .025, .05, .075, .1, .15, .2, .3, .4, .5, .75, 1, 2.5, 5, 7.5, 10, 20, 40, 80};

  /** Borders in seconds for whole requests and their phases. */
  private static final double[] REQUEST = {
    .3, .5, .8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680
  };

  /** Borders for tokens of a step. */
  private static final double[] STEP = {1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384};

  /** Borders for choices. */
  private static final double[] CHOICES = {1, 2, 5, 10, 20};

  private Buckets() {}

  static double[] firstToken() {
    return FIRST_TOKEN.clone();
  }

  static double[] perToken() {
    return PER_TOKEN.clone();
  }

  static double[] request() {
    return REQUEST.clone();
  }

  static double[] step() {
    return STEP.clone();
  }

  static double[] choices() {
    return CHOICES.clone();
  }

  /** 1, 2, 5, 10, 20, ... up to {@code limit}. */
  static double[] tokens(int limit) {
    return DoubleStream.iterate(1, power -> power <= limit, power -> power * 10)
        .flatMap(power -> Arrays.stream(new double[] {power, 2 * power, 5 * power}))
        .filter(border -> border <= limit)
        .toArray();
  }
}
