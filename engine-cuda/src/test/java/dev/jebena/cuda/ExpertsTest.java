package dev.jebena.cuda;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.engine.backend.BackendProvider;
import dev.jebena.engine.backend.BackendSettings;
import dev.jebena.engine.backend.ComputeType;
import dev.jebena.engine.program.Op;
import dev.jebena.engine.tck.OperationTck;
import dev.jebena.engine.tck.TckScale;
import dev.jebena.engine.weight.BlockType;
import java.util.OptionalInt;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The TCK's mixtures of experts on an emulated device with all checks of the interpreter, which the whole TCK runs without. */
class ExpertsTest extends EmulatedTest {

  /** What the TCK runs on. */
  private static final class Subject implements OperationTck {

    @Override
    public BackendProvider provider() {
      return new CudaBackendProvider();
    }

    @Override
    public TckScale scale() {
      return TckScale.SMALL;
    }

    @Override
    public BackendSettings settings() {
      return new BackendSettings(OptionalInt.empty(), ComputeType.F32);
    }
  }

  @ParameterizedTest
  @EnumSource
  void rowsGoToTheExpertsOfTheReference(Op.MoeRoute.Scoring scoring) {
    new Subject().routesRowsToExperts(scoring);
  }

  @ParameterizedTest
  @EnumSource(names = "Q4_0")
  void expertsGiveTheReferencesResults(BlockType type) {
    new Subject().runsTheNetworksOfExperts(type);
    long groups = cuda().log().counts().stream().filter(counts -> counts.kernel().equals("moe_group")).mapToLong(counts -> counts.launches()).sum();
    assertTrue(groups >= 2, "mixtures that ran: " + groups);
  }
}
