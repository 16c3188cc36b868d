package dev.jebena.cuda;

import dev.jebena.engine.backend.BackendSettings;
import dev.jebena.engine.backend.KvType;
import dev.jebena.engine.tck.SequenceTck;
import dev.jebena.engine.weight.BlockType;

/**
 * One device with the arithmetic that is chosen by itself: many rows by tensor cores. It keeps the reference's answers, and does not promise
 * the same bits for a row however it is computed: those tests of {@link SequenceTck} are left out here.
 */
class CudaSplitTckTest extends EmulatedTck {

  CudaSplitTckTest() {
    super(1);
  }

  @Override
  public BackendSettings settings() {
    return BackendSettings.DEFAULTS;
  }

  @Override
  public float toleranceFactor() {
    return SplitArithmetic.TOLERANCE_FACTOR;
  }

  @Override
  public void givesTheSameBitsAloneAndAmongOthers(KvType type) {}

  @Override
  public void givesTheSameBitsHoweverThePromptIsCutIntoSteps(KvType type) {}

  @Override
  public void givesTheSameBitsWhicheverBlocksItGets() {}

  @Override
  public void givesTheSameBitsForEveryWeightTypeAloneAndAmongOthers(BlockType type) {}

  @Override
  public void givesTheSameBitsAfterARestart(KvType type) {}

  @Override
  public void givesTheSameBitsWithAPrefixHit() {}

  @Override
  public void givesTheSameBitsWhileOthersComeAndGo() {}
}
