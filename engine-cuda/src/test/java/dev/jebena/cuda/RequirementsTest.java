package dev.jebena.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.cuda.emulator.EmulatedCuda;
import dev.jebena.cuda.emulator.EmulatedCudaOptions;
import dev.jebena.engine.backend.Backend;
import dev.jebena.engine.backend.BackendException;
import dev.jebena.engine.backend.BackendSettings;
import dev.jebena.engine.backend.KvFormat;
import dev.jebena.engine.backend.KvType;
import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.backend.MemoryBudget;
import dev.jebena.engine.backend.Unsupported;
import dev.jebena.engine.program.Activation;
import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.program.ProgramBuilder;
import dev.jebena.engine.program.RowDomain;
import dev.jebena.engine.program.Site;
import dev.jebena.engine.program.Value;
import dev.jebena.engine.weight.BlockType;
import dev.jebena.engine.weight.WeightFormat;
import dev.jebena.engine.weight.WeightSpec;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What of mixtures of experts the kernels cannot run is refused by name, before anything is loaded. */
class RequirementsTest {

  private static final int COLUMNS = 32;
  private static final int VOCABULARY = 64;
  private static final KvFormat KV = new KvFormat(KvType.F16, 16);

  private static Program mixture(int experts, int topK, BlockType gate, BlockType up) {
    ProgramBuilder builder = new ProgramBuilder("mixture");
    Value in = builder.embedTokens(Site.of("in"), "in", weight("embedding", VOCABULARY, BlockType.F32));
    Value logits = builder.linear(Site.of("router"), "router", in, weight("router", experts, BlockType.F32), Optional.empty());
    Value route = builder.value("route", RowDomain.TOKENS, 2 * topK);
    builder.append(
        new Op.MoeRoute(
            Site.of("route"), logits, route, topK, Op.MoeRoute.Scoring.SOFTMAX, Op.MoeRoute.Weighting.RENORMALISED, 1, Optional.empty()));
    Value out = builder.value("out", RowDomain.TOKENS, COLUMNS);
    builder.append(
        new Op.MoeExperts(
            Site.of("experts"), in, route, out, 0, experts, weight("gate", experts * COLUMNS, gate), weight("up", experts * COLUMNS, up),
            weight("down", experts * COLUMNS, BlockType.F32), Activation.SILU));
    Value outputs = builder.selectOutputs(Site.of("outputs"), "outputs", out);
    return builder.build(
        builder.linear(Site.of("head"), "logits", outputs, weight("head", VOCABULARY, BlockType.F32), Optional.empty()), VOCABULARY);
  }

  private static WeightSpec weight(String name, int rows, BlockType type) {
    return new WeightSpec(name, rows, COLUMNS, WeightFormat.of(type));
  }

  private static List<Unsupported> missing(Program program) {
    return Requirements.missing(KernelCatalog.shipped(), program, KV);
  }

  @Test
  void upTo512ExpertsRunAndMoreAreRefusedByBothOperations() {
    assertEquals(List.of(), missing(mixture(512, 8, BlockType.Q4_0, BlockType.Q4_0)));
    List<Unsupported> missing = missing(mixture(513, 8, BlockType.Q4_0, BlockType.Q4_0));
    assertEquals(2, missing.size());
    missing.forEach(each -> assertTrue(each.reason().startsWith("513 experts"), each.reason()));
  }

  @Test
  void gateAndUpOfTwoTypesAreRefused() {
    List<Unsupported> missing = missing(mixture(4, 2, BlockType.Q4_0, BlockType.Q8_0));
    assertEquals(1, missing.size());
    assertTrue(missing.getFirst().reason().contains("gate and up"), missing.toString());
  }

  @Test
  void stepsWhosePairsMakeTooManyTilesAreRefusedWithTheRemedy() {
    EmulatedCuda.assumeSupported();
    try (EmulatedCuda cuda = EmulatedCuda.start(EmulatedCudaOptions.DEFAULT);
        Backend backend = new CudaBackendProvider().open(BackendSettings.DEFAULTS, new MemoryBudget(1L << 32))) {
      Program program = mixture(64, 8, BlockType.Q4_0, BlockType.Q4_0);
      assertTrue(backend.footprint(program, new Limits(65_000, 8, 8, 64), KV).scratchBytes() > 0);
      BackendException error =
          assertThrows(BackendException.class, () -> backend.footprint(program, new Limits(65_500, 8, 8, 64), KV));
      assertTrue(String.valueOf(error.getMessage()).contains("--max-num-batched-tokens"), error.toString());
      assertEquals(0, cuda.linkedImages(), "kernels that were compiled for a refusal");
    }
  }
}
