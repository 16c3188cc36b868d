package dev.jebena.cpu;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.engine.backend.BackendSettings;
import dev.jebena.engine.backend.ComputeType;
import dev.jebena.engine.backend.LoadProgress;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.backend.WeightSet;
import dev.jebena.engine.program.AttentionMask;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.tck.RandomWeights;
import dev.jebena.engine.tck.TinyPrograms;
import dev.jebena.engine.tck.TinyShape;
import dev.jebena.engine.weight.BlockType;
import dev.jebena.engine.weight.WeightSource;
import dev.jebena.engine.weight.WeightSpec;
import dev.jebena.engine.weight.WeightView;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class WeightLoaderTest {

  private static final long ALIGNMENT = 64;

  @TempDir
  private Path folder;

  @Test
  @EnabledOnOs(OS.LINUX)
  void theFileLeavesTheMemoryOfTheProcessOnceItIsPacked() throws IOException {
    TinyShape shape = new TinyShape(4096, 256, 2, 4, 2, 64, 512, BlockType.F32, new AttentionMask.Causal());
    Program program = TinyPrograms.llama(shape);
    Path file = folder.resolve("weights");
    try (Arena arena = Arena.ofShared()) {
      WeightSource source = mapped(program, file, arena);
      MemoryBudget budget = new MemoryBudget(1L << 30);
      try (CpuBackend backend = new CpuBackend(new BackendSettings(OptionalInt.of(2), ComputeType.AUTO), budget);
          WeightSet weights = backend.load(program, source, LoadProgress.SILENT)) {
        long resident = residentKilobytes(file);
        assertTrue(resident * 1024 < program.weightBytes() / 10, resident + " KiB of the file are resident, " + weights);
      }
    }
  }

  /** Writes random weights one after the other into a file and maps it. */
  private static WeightSource mapped(Program program, Path file, Arena arena) throws IOException {
    RandomWeights random = new RandomWeights(3);
    Map<String, Long> offsets = new HashMap<>();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      for (WeightSpec spec : program.weights().values()) {
        long offset = (channel.size() + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        offsets.put(spec.name(), offset);
        channel.write(random.weight(spec).data().asByteBuffer(), offset);
      }
      MemorySegment all = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      all.load();
      return spec -> WeightView.contiguous(spec, all.asSlice(offsets.get(spec.name()), spec.bytes()));
    }
  }

  private static long residentKilobytes(Path file) throws IOException {
    List<String> lines = Files.readAllLines(Path.of("/proc/self/smaps"));
    long kilobytes = 0;
    boolean within = false;
    for (String line : lines) {
      if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
        within = line.endsWith(file.toString());
      } else if (within && line.startsWith("Rss:")) {
        kilobytes += Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    return kilobytes;
  }
}
