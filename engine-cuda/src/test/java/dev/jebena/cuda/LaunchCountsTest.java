package dev.jebena.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jebena.engine.backend.BackendSettings;
import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.backend.KvType;
import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.backend.SlotSettings;
import dev.jebena.engine.program.AttentionMask;
import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.sampling.SamplingParameters;
import dev.jebena.engine.tck.RandomWeights;
import dev.jebena.engine.tck.StepDriver;
import dev.jebena.engine.tck.TinyPrograms;
import dev.jebena.engine.tck.TinyShape;
import dev.jebena.engine.weight.BlockType;
import dev.jebena.engine.weight.WeightFormat;
import dev.jebena.engine.weight.WeightSpec;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** The launches of a Llama block that docs/cuda.md names: with one weight type and with two, in a short context and in a long one. */
class LaunchCountsTest extends EmulatedTest {

  private static final Limits LIMITS = new Limits(300, 1, 1, 320);
  private static final SlotSettings SETTINGS = new SlotSettings(2, SamplingParameters.GREEDY, 0, new int[0], -1, -1);
  private static final int SHORT_CONTEXT = 5;
  private static final int LONG_CONTEXT = 280;

  /** Launches of a decoding step behind {@code context} tokens. */
  private static long launches(int layers, int context, UnaryOperator<Program> change) {
    Program program = change.apply(
        TinyPrograms.llama(new TinyShape(96, 32, layers, 4, 2, 8, 64, BlockType.Q4_0, new AttentionMask.Causal())));
    try (StepDriver driver = new StepDriver(
        new CudaBackendProvider(), BackendSettings.DEFAULTS, program, new RandomWeights(5), LIMITS, new KvFormat(KvType.F16, 16), 24, 1)) {
      driver.open(0, new int[context], SETTINGS);
      driver.run(0, 0, context, 1);
      driver.step();
      CudaExecutable executable = (CudaExecutable) driver.executable();
      long before = executable.launches();
      driver.run(0, context, 1, 1);
      driver.step();
      return executable.launches() - before;
    }
  }

  private static long launchesOfABlock(int context, UnaryOperator<Program> change) {
    return launches(2, context, change) - launches(1, context, change);
  }

  /** The values' weights become Q8_0, as files of the K types mix them. */
  private static Program withTwoTypes(Program program) {
    List<Op> operations = program.operations().stream()
        .map(op -> op instanceof Op.Linear(var site, var in, var parts) && parts.size() == 3
            ? new Op.Linear(site, in, List.of(parts.get(0), parts.get(1), wider(parts.get(2))))
            : op)
        .toList();
    return new Program(program.name(), program.values(), operations, program.kvGroups(), program.logits(), program.vocabularySize());
  }

  private static Op.Linear.Part wider(Op.Linear.Part part) {
    WeightSpec weight = part.weight();
    return new Op.Linear.Part(
        part.out(), new WeightSpec(weight.name(), weight.rows(), weight.columns(), WeightFormat.of(BlockType.Q8_0)), part.bias());
  }

  @Test
  void oneTypeAndAShortContextTakeSix() {
    assertEquals(6, launchesOfABlock(SHORT_CONTEXT, program -> program));
  }

  @Test
  void aLongContextTakesOneMoreToPutSplitsTogether() {
    assertEquals(7, launchesOfABlock(LONG_CONTEXT, program -> program));
  }

  @Test
  void twoTypesAndALongContextTakeEight() {
    assertEquals(8, launchesOfABlock(LONG_CONTEXT, LaunchCountsTest::withTwoTypes));
  }
}
