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

  /** Operands have 16 bits in two parts of bf16, not float32's 24: errors of a few millionths of the sum of the products' sizes. */
  @Override
  public float toleranceFactor() {
    return 4;
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
