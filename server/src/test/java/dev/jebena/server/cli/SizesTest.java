package dev.jebena.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SizesTest {

  @ParameterizedTest
  @CsvSource({"4096, 4096", "16k, 16000", "16K, 16384", "25.6k, 25600", "2GiB, 2147483648", "1gib, 1073741824", "1M, 1048576", "3m, 3000000"})
  void sizesAreReadAsPeopleWriteThem(String text, long expected) {
    assertEquals(expected, Sizes.bytes("--size", text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "k", "-1", "1e9", "16x", "99999999999999999999T"})
  void whatIsNoSizeIsRefused(String text) {
    assertThrows(UsageException.class, () -> Sizes.bytes("--size", text));
  }

  @Test
  void bytesAreWrittenInUnits() {
    assertEquals("1023 B", Sizes.ofBytes(1023));
    assertEquals("1.5 KiB", Sizes.ofBytes(1536));
    assertEquals("93.4 MiB", Sizes.ofBytes(97_937_000));
  }

  @Test
  void percentilesLieBetweenTheirNeighbours() {
    assertEquals(2.5, LoadFigures.percentile(new double[] {1, 2, 3, 4}, 50));
    assertEquals(4, LoadFigures.percentile(new double[] {1, 2, 3, 4}, 100));
    assertEquals(0, LoadFigures.percentile(new double[0], 99));
  }
}
