package dev.jebena.cuda.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.cuda.emulator.EmulatedCuda;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * Holds src/main/cuda/figures.tsv (registers, spills, shared memory and occupancy of every kernel on every generation) to what the PTX compiler says.
 * {@code -Djebena.figures=write} writes the table anew, {@code -Djebena.figures=rope,norm} the lines of these files; without, a part of it is compared: the
 * whole takes minutes.
 */
class CompiledFiguresTest {

  private static final List<String> COMPARED = List.of("cache", "collective", "elementwise", "norm", "rope", "sample", "matvec_int8");

  @Test
  void everyKernelIsListedForEveryGenerationAndSpillsNothing() throws IOException {
    Set<String> expected = new TreeSet<>();
    for (String module : Sources.modules()) {
      for (String kernel : KernelBench.module(module).kernelNames()) {
        CompiledKernel.GENERATIONS.forEach(generation -> expected.add(kernel + "\t" + generation));
      }
    }
    Set<String> listed = new TreeSet<>();
    for (String line : table()) {
      String[] fields = line.split("\t");
      listed.add(fields[0] + "\t" + fields[1]);
      assertEquals("0", fields[3], "spilled bytes: " + line);
      assertTrue(Integer.parseInt(fields[6]) > 0, "does not fit a multiprocessor: " + line);
    }
    assertEquals(expected, listed);
  }

  @Test
  void theTableSaysWhatTheCompilerSays() throws IOException {
    Assumptions.assumeTrue(EmulatedCuda.unsupported().isEmpty(), "JCuda's PTX compiler is there for Linux amd64");
    String asked = System.getProperty("jebena.figures");
    if (asked != null) {
      write(asked.equals("write") ? Sources.modules() : List.of(asked.split(",", -1)));
      return;
    }
    List<String> compared = compile(COMPARED, List.of("sm_80", "sm_90"));
    List<String> table = table();
    compared.forEach(line -> assertTrue(table.contains(line), () -> "not in figures.tsv: " + line));
  }

  /** Writes the lines of these files, and keeps those of the others that are still there. */
  private static void write(List<String> modules) throws IOException {
    Set<String> kept = new TreeSet<>();
    for (String module : Sources.modules()) {
      if (!modules.contains(module)) {
        kept.addAll(KernelBench.module(module).kernelNames());
      }
    }
    List<String> lines = compile(modules, CompiledKernel.GENERATIONS);
    table().stream().filter(line -> kept.contains(line.split("\t", 2)[0])).forEach(lines::add);
    Collections.sort(lines);
    lines.addFirst(CompiledKernel.HEADER);
    Files.write(path(), lines);
  }

  private static List<String> compile(List<String> modules, List<String> generations) {
    List<String> lines = new ArrayList<>();
    for (String generation : generations) {
      for (String module : modules) {
        for (String kernel : CompiledKernel.alone(KernelBench.text(module))) {
          CompiledKernel.compile(kernel, generation).forEach(each -> lines.add(each.line()));
        }
      }
    }
    Collections.sort(lines);
    return lines;
  }

  private static List<String> table() throws IOException {
    List<String> lines = Files.readAllLines(path());
    return lines.subList(1, lines.size());
  }

  private static Path path() {
    return Sources.folder().resolve("figures.tsv");
  }
}
