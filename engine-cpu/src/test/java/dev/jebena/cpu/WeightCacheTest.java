package dev.jebena.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.engine.backend.BackendSettings;
import dev.jebena.engine.backend.ComputeType;
import dev.jebena.engine.backend.LoadProgress;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.backend.WeightCacheSettings;
import dev.jebena.engine.backend.WeightSet;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.tck.RandomWeights;
import dev.jebena.engine.tck.TinyPrograms;
import dev.jebena.engine.tck.TinyShape;
import dev.jebena.engine.weight.BlockType;
import dev.jebena.engine.weight.WeightFormat;
import dev.jebena.engine.weight.WeightSource;
import dev.jebena.engine.weight.WeightSpec;
import dev.jebena.engine.weight.WeightView;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WeightCacheTest {

  private static final int BYTES = (5 << 20) + 64;
  private static final List<WeightSpec> SPECS = List.of(new WeightSpec("w", 3, 32, WeightFormat.of(BlockType.Q4_0)));

  @TempDir
  private Path folder;

  private final Team team = new Team(2);

  @AfterEach
  void endTheTeam() {
    team.close();
  }

  private WeightCache cache(long mostBytes, long epochSecond) {
    return new WeightCache(
        new WeightCacheSettings(folder.resolve("cache"), mostBytes), team, Clock.fixed(Instant.ofEpochSecond(epochSecond), ZoneOffset.UTC));
  }

  private static MemorySegment data(Arena arena) {
    MemorySegment data = arena.allocate(BYTES, 64);
    for (int i = 0; i < BYTES; i++) {
      data.set(ValueLayout.JAVA_BYTE, i, (byte) (i * 31 >> 3));
    }
    return data;
  }

  @Test
  void whatWasStoredIsFoundAndReadOnly() {
    WeightCache cache = cache(1L << 30, 0);
    Path file = cache.file("a", SPECS);
    try (Arena arena = Arena.ofShared()) {
      assertEquals(Optional.empty(), cache.find(file, BYTES, arena));
      cache.store(file, data(arena));
      MemorySegment found = cache.find(file, BYTES, arena).orElseThrow();
      assertEquals(-1, found.mismatch(data(arena)));
      assertTrue(found.isReadOnly());
      assertEquals(0, found.address() % 64);
    }
  }

  @Test
  void theNameTellsSourcesAndShapesApart() {
    WeightCache cache = cache(1L << 30, 0);
    assertNotEquals(cache.file("a", SPECS), cache.file("b", SPECS));
    assertNotEquals(cache.file("a", SPECS), cache.file("a", List.of(new WeightSpec("w", 4, 32, WeightFormat.of(BlockType.Q4_0)))));
    assertEquals(cache.file("a", SPECS), cache.file("a", SPECS));
  }

  @Test
  void aDamagedFileIsDeletedWhereverItIsDamaged() throws IOException {
    WeightCache cache = cache(1L << 30, 0);
    Path file = cache.file("a", SPECS);
    try (Arena arena = Arena.ofShared()) {
      cache.store(file, data(arena));
      long size = Files.size(file);
      for (long at : new long[] {0, 9, 17, 4096, 4096 + (4 << 20) + 5, size - 1}) {
        cache.store(file, data(arena));
        try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
          bytes.seek(at);
          int old = bytes.read();
          bytes.seek(at);
          bytes.write(old ^ 1);
        }
        assertEquals(Optional.empty(), cache.find(file, BYTES, arena), "byte " + at);
        assertFalse(Files.exists(file));
      }
      cache.store(file, data(arena));
      try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
        bytes.setLength(size - 1);
      }
      assertEquals(Optional.empty(), cache.find(file, BYTES, arena), "cut short");
      assertFalse(Files.exists(file));
    }
  }

  @Test
  void theFilesStayUnderTheLimitAndTheLeastRecentlyUsedGoFirst() throws IOException {
    long two = 2L * (BYTES + 8192);
    Path[] files = new Path[3];
    try (Arena arena = Arena.ofShared()) {
      for (int i = 0; i < 3; i++) {
        files[i] = cache(two, 0).file("model " + i, SPECS);
      }
      cache(two, 0).store(files[0], data(arena));
      Files.setLastModifiedTime(files[0], FileTime.from(Instant.ofEpochSecond(1)));
      cache(two, 0).store(files[1], data(arena));
      Files.setLastModifiedTime(files[1], FileTime.from(Instant.ofEpochSecond(2)));
      assertTrue(cache(two, 3).find(files[0], BYTES, arena).isPresent());
      cache(two, 0).store(files[2], data(arena));
    }
    assertTrue(Files.exists(files[0]), "it was used last");
    assertFalse(Files.exists(files[1]));
    assertTrue(Files.exists(files[2]));
    try (Stream<Path> all = Files.list(folder.resolve("cache"))) {
      assertEquals(2, all.count(), "no unfinished file is left");
    }
  }

  @Test
  void whatIsLargerThanTheLimitIsNotKept() {
    WeightCache cache = cache(1 << 20, 0);
    Path file = cache.file("a", SPECS);
    try (Arena arena = Arena.ofShared()) {
      cache.store(file, data(arena));
    }
    assertFalse(Files.exists(file));
  }

  @Test
  void aFolderThatCannotBeMadeDoesNotDisturb() throws IOException {
    Files.writeString(folder.resolve("cache"), "a file");
    WeightCache cache = cache(1L << 30, 0);
    try (Arena arena = Arena.ofShared()) {
      cache.store(cache.file("a", SPECS), data(arena));
      assertEquals(Optional.empty(), cache.find(cache.file("a", SPECS), BYTES, arena));
    }
  }

  /** Random weights that say what they are, and count how often a matrix is read. */
  private static final class Named implements WeightSource {
    private final RandomWeights weights = new RandomWeights(7);
    private final AtomicInteger matricesRead = new AtomicInteger();

    @Override
    public WeightView weight(WeightSpec spec) {
      if (spec.rows() > 1) {
        matricesRead.incrementAndGet();
      }
      return weights.weight(spec);
    }

    @Override
    public Optional<String> identity() {
      return Optional.of("random 7");
    }
  }

  @Test
  void theSecondLoadReadsNoMatrixAndBothGiveTheSameBytes() {
    Program program = TinyPrograms.llama(TinyShape.DEFAULT.withType(BlockType.Q4_1));
    BackendSettings settings = new BackendSettings(OptionalInt.of(2), ComputeType.AUTO)
        .withWeightCache(new WeightCacheSettings(folder.resolve("cache"), 1L << 30));
    Named source = new Named();
    MemoryBudget budget = new MemoryBudget(1L << 30);
    try (CpuBackend backend = new CpuBackend(settings, budget)) {
      try (WeightSet first = backend.load(program, source, LoadProgress.SILENT)) {
        int read = source.matricesRead.get();
        assertTrue(read > 0);
        try (WeightSet second = backend.load(program, source, LoadProgress.SILENT)) {
          assertEquals(read, source.matricesRead.get());
          for (WeightSpec spec : WeightLoader.matrices(program).values()) {
            PackedWeight a = ((CpuWeightSet) first).matrix(spec.name());
            PackedWeight b = ((CpuWeightSet) second).matrix(spec.name());
            assertEquals(
                -1, MemorySegment.ofAddress(a.address()).reinterpret(a.bytes()).mismatch(MemorySegment.ofAddress(b.address()).reinterpret(b.bytes())),
                spec.name());
          }
        }
      }
    }
    assertEquals(0, budget.reservedBytes());
  }
}
