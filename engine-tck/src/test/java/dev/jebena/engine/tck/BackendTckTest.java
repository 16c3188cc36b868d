package dev.jebena.engine.tck;

import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.jebena.engine.backend.BackendProvider;
import dev.jebena.engine.backend.KvType;
import dev.jebena.engine.backend.RowStatus;
import dev.jebena.engine.program.Op;
import dev.jebena.engine.weight.BlockType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** The kit finds the faults that it is there to find. */
class BackendTckTest {

  @Test
  void findsWrongLogprobs() {
    Kit kit =
        new Kit(
            (_, result) -> {
              for (int row = 0; row < result.rows(); row++) {
                if (result.topCount(row) > 1) {
                  result.top(row, 1, result.topToken(row, 1), result.topLogprob(row, 1) + 3e-4f);
                }
              }
            });
    fails(kit::mapsElements);
    fails(() -> kit.combinesElements(Op.Combine.Kind.ADD));
    fails(() -> kit.multipliesByWeightsOfEveryType(BlockType.Q4_1));
    fails(() -> kit.normalisesRowsAndGroups(Op.Norm.Kind.RMS));
    fails(kit::attendsWithinAWindow);
    fails(() -> kit.agreesWithTheReferenceForEveryWeightType(BlockType.F32));
  }

  @Test
  void findsASingleBitThatDependsOnTheBatch() {
    Kit kit =
        new Kit(
            (plan, result) -> {
              for (int row = 0; row < result.rows() && plan.totalTokens() % 4 == 3; row++) {
                result.logprob(row, Math.nextUp(result.logprob(row)), result.rank(row));
              }
            });
    fails(() -> kit.givesTheSameBitsAloneAndAmongOthers(KvType.F32));
    fails(() -> kit.givesTheSameBitsHoweverThePromptIsCutIntoSteps(KvType.F16));
    fails(() -> kit.givesTheSameBitsForEveryWeightTypeAloneAndAmongOthers(BlockType.Q8_0));
  }

  @Test
  void findsWrongTokensAndStatuses() {
    Kit tokens =
        new Kit(
            (plan, result) -> {
              if (plan.step() == 20) {
                result.token(0, 1 + result.token(0));
              }
            });
    fails(tokens::choosesTheSameTokensAsTheReference);
    Kit statuses =
        new Kit(
            (_, result) -> {
              for (int row = 0; row < result.rows(); row++) {
                if (result.status(row) != RowStatus.OK) {
                  result.fail(0, result.status(row));
                }
              }
            });
    fails(statuses::failsARowThatIsNotFiniteAlone);
    // its bad row is the first: the second has to be the one that is blamed
    Kit spreading =
        new Kit(
            (_, result) -> {
              if (result.rows() == 2 && result.status(0) != RowStatus.OK) {
                result.fail(1, result.status(0));
              }
            });
    fails(spreading::failsARowWithoutAnAllowedTokenAlone);
  }

  @Test
  void findsMemoryThatIsNotGivenBack() {
    Kit kit = new Kit(new TamperedProvider((_, _) -> {}, 1));
    fails(kit::takesStepsWithoutRows);
    fails(kit::reservesWhatItsFootprintSaysAndGivesItBack);
  }

  private static void fails(Executable test) {
    assertThrows(AssertionError.class, test);
  }

  /** The kit over a backend with a fault. */
  private static final class Kit extends BackendTck {

    private final BackendProvider provider;

    Kit(TamperedProvider.Tampering tampering) {
      this(new TamperedProvider(tampering, 0));
    }

    Kit(BackendProvider provider) {
      this.provider = provider;
    }

    @Override
    public BackendProvider provider() {
      return provider;
    }
  }
}
