package dev.jebena.engine.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.engine.program.KvGroup;
import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.program.ProgramBuilder;
import dev.jebena.engine.program.Site;
import dev.jebena.engine.program.Value;
import dev.jebena.engine.sampling.SamplingParameters;
import dev.jebena.engine.weight.BlockType;
import dev.jebena.engine.weight.WeightFormat;
import dev.jebena.engine.weight.WeightSpec;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SlotTableTest {

  private static final int VOCABULARY = 32;
  private static final int CACHE_BLOCKS = 10;
  private static final SlotSettings GREEDY = new SlotSettings(2, SamplingParameters.GREEDY, 0, new int[0], -1, -1);

  private final SlotTable table = new SlotTable(program(), new Limits(16, 3, 8, 20), new KvFormat(KvType.F32, 4));
  private final StepPlan plan = new StepPlan();

  @Test
  void laysOutTheRowsOfEveryRun() {
    plan.open(0, new int[] {5, 6}, GREEDY);
    plan.open(2, new int[] {7, 8, 9, 10}, GREEDY);
    plan.appendBlock(0, 0, 3);
    plan.appendBlock(2, 0, 1);
    plan.run(0, 1, 1, 1);
    plan.run(2, 0, 4, 2);
    table.apply(plan, CACHE_BLOCKS);
    assertPrefix(table.rowToken(), 6, 7, 8, 9, 10);
    assertPrefix(table.rowPosition(), 1, 0, 1, 2, 3);
    assertPrefix(table.rowSlot(), 0, 2, 2, 2, 2);
    assertPrefix(table.runFirstRow(), 0, 1, 5);
    assertPrefix(table.outputRow(), 0, 3, 4);
    assertPrefix(table.outputSlot(), 0, 2, 2);
    assertPrefix(table.outputPosition(), 1, 2, 3);
    assertPrefix(table.outputNext(), SlotTable.SAMPLES, 10, SlotTable.SAMPLES);
    assertEquals(5, table.rows());
    assertEquals(2, table.runs());
    assertEquals(3, table.outputs());
  }

  @Test
  void appendsSampledTokensAndRunsThemNext() {
    openOne();
    StepResult result = new StepResult();
    result.reset(1);
    result.token(0, 30);
    table.appendSampled(result);
    assertEquals(3, table.knownTokens(1));
    assertEquals(30, table.token(1, 2));
    assertEquals(1, table.sampling(1).outputTokens());
    plan.reset(1);
    plan.run(1, 2, 1, 1);
    table.apply(plan, CACHE_BLOCKS);
    assertPrefix(table.rowToken(), 30);
  }

  @Test
  void leavesOutTheTokenOfARowThatFailed() {
    openOne();
    StepResult result = new StepResult();
    result.reset(1);
    result.fail(0, RowStatus.NON_FINITE);
    table.appendSampled(result);
    assertEquals(2, table.knownTokens(1));
  }

  @Test
  void expectsTokensOfAStepInFlightAndRunsThemUnseen() {
    openOne();
    SlotTable.Expected first = new SlotTable.Expected();
    table.expect(first);
    assertEquals(3, table.knownTokens(1));
    plan.reset(1);
    plan.run(1, 2, 1, 1);
    table.apply(plan, CACHE_BLOCKS);
    assertPrefix(table.rowToken(), SlotTable.UNSEEN);
    assertPrefix(table.outputNext(), SlotTable.SAMPLES);
    SlotTable.Expected second = new SlotTable.Expected();
    table.expect(second);
    StepResult result = new StepResult();
    result.reset(1);
    result.token(0, 30);
    first.seen(result);
    result.token(0, 31);
    second.seen(result);
    assertEquals(4, table.knownTokens(1));
    assertEquals(List.of(30, 31), List.of(table.token(1, 2), table.token(1, 3)));
    assertEquals(2, table.sampling(1).outputTokens());
  }

  @Test
  void forgetsExpectedTokensOfRowsThatFailAndOfSlotsThatWereClosed() {
    openOne();
    SlotTable.Expected expected = new SlotTable.Expected();
    table.expect(expected);
    plan.reset(1);
    plan.close(1);
    plan.open(1, new int[] {3, 4}, GREEDY);
    plan.open(0, new int[] {3, 4}, GREEDY);
    plan.appendBlock(0, 0, 4);
    plan.run(0, 0, 2, 1);
    table.apply(plan, CACHE_BLOCKS);
    SlotTable.Expected failing = new SlotTable.Expected();
    table.expect(failing);
    StepResult result = new StepResult();
    result.reset(1);
    result.token(0, 30);
    expected.seen(result);
    result.fail(0, RowStatus.NON_FINITE);
    failing.seen(result);
    assertEquals(2, table.knownTokens(1), "another sequence has the slot");
    assertEquals(2, table.knownTokens(0));
  }

  @Test
  void countsThePromptApartFromTheOutputWhenASequenceComesBack() {
    plan.open(0, new int[] {1, 2, 3, 4, 5}, GREEDY);
    table.apply(plan, CACHE_BLOCKS);
    assertEquals(3, table.sampling(0).outputTokens());
  }

  @Test
  void freesASlotForAnother() {
    openOne();
    plan.reset(1);
    plan.close(1);
    plan.open(1, new int[] {3, 4}, GREEDY);
    plan.appendBlock(1, 0, 9);
    table.apply(plan, CACHE_BLOCKS);
    assertEquals(1, table.blockCount(1, 0));
    assertEquals(9, table.blocks(1, 0)[0]);
  }

  @Test
  void mayStartBehindACachedPrefixButLeavesNoGap() {
    int[] tokens = new int[12];
    plan.open(0, tokens, GREEDY);
    plan.appendBlock(0, 0, 1);
    plan.appendBlock(0, 0, 2);
    plan.appendBlock(0, 0, 3);
    plan.run(0, 4, 4, 0);
    table.apply(plan, CACHE_BLOCKS);
    plan.reset(1);
    plan.run(0, 9, 1, 0);
    assertRefused("slot 0 runs from position 9, but is computed up to 8");
  }

  @Test
  void refusesPlansThatDoNotFit() {
    refused("slot 3 does not exist", () -> plan.open(3, new int[] {1, 2}, GREEDY));
    refused("slot 1 is taken", () -> plan.open(1, new int[] {1, 2}, GREEDY));
    refused("slot 2 is not open", () -> plan.close(2));
    refused("slot 0 has the token 32: ids go from 0 to 31", () -> plan.open(0, new int[] {1, VOCABULARY}, GREEDY));
    refused("slot 0 opens with 1 tokens, 2 of them prompt", () -> plan.open(0, new int[] {1}, GREEDY));
    refused("slot 0 opens with 21 tokens", () -> plan.open(0, new int[21], GREEDY));
    refused("slot 1 gets block 10: the cache has 10", () -> plan.appendBlock(1, 0, CACHE_BLOCKS));
    refused("slot 1 gets a block of group 1: there are 1", () -> plan.appendBlock(1, 1, 1));
    refused("slot 1 runs up to position 2, known are 2", () -> plan.run(1, 2, 1, 0));
    refused("slot 0 is not open", () -> plan.run(0, 0, 1, 0));
    refused("the step has 17 token rows: the limit is 16", () -> plan.run(1, 0, 17, 0));
    refused("the step has 9 output rows: the limit is 8", () -> plan.run(1, 0, 9, 9));
    refused("slot 0 runs up to position 1, its 0 blocks of group 0 hold 0", () -> {
      plan.open(0, new int[] {1, 2}, GREEDY);
      plan.run(0, 0, 2, 0);
    });
    refused("slot 0 runs positions of the null block in group 0", () -> {
      plan.open(0, new int[] {1, 2}, GREEDY);
      plan.appendBlock(0, 0, 0);
      plan.run(0, 0, 2, 0);
    });
    refused("slot 1 runs twice", () -> {
      plan.run(1, 0, 1, 0);
      plan.run(1, 1, 1, 0);
    });
    refused("slot 1 runs one token after a longer run", () -> {
      plan.open(0, new int[] {1, 2}, GREEDY);
      plan.appendBlock(0, 0, 2);
      plan.run(0, 0, 2, 0);
      plan.run(1, 1, 1, 0);
    });
    SamplingParameters bias = new SamplingParameters(0, 0, 1, 0, 1, 0, 0, Map.of(VOCABULARY, 1f), 0);
    refused("logit_bias names token 32", () -> plan.open(0, new int[] {1, 2}, new SlotSettings(2, bias, 0, new int[0], -1, -1)));
  }

  private void refused(String message, Runnable write) {
    SlotTableTest fresh = new SlotTableTest();
    fresh.openOne();
    plan.reset(1);
    write.run();
    IllegalArgumentException error = assertThrows(IllegalArgumentException.class, () -> fresh.table.apply(plan, CACHE_BLOCKS));
    assertTrue(error.getMessage().startsWith(message), error.getMessage());
  }

  private void assertRefused(String message) {
    IllegalArgumentException error = assertThrows(IllegalArgumentException.class, () -> table.apply(plan, CACHE_BLOCKS));
    assertTrue(error.getMessage().startsWith(message), error.getMessage());
  }

  private void openOne() {
    plan.open(1, new int[] {1, 2}, GREEDY);
    plan.appendBlock(1, 0, 4);
    plan.run(1, 0, 2, 1);
    table.apply(plan, CACHE_BLOCKS);
  }

  private static void assertPrefix(int[] actual, int... expected) {
    assertArrayEquals(expected, Arrays.copyOf(actual, expected.length));
  }

  private static Program program() {
    ProgramBuilder builder = new ProgramBuilder("test");
    builder.kvGroup(List.of(new KvGroup.CacheLayer(1, 4, 4)));
    WeightSpec embedding = new WeightSpec("embedding", VOCABULARY, 4, WeightFormat.of(BlockType.F32));
    Value tokens = builder.embedTokens(Site.of("embed"), "tokens", embedding);
    builder.append(new Op.KvWrite(Site.of(0, "kv"), 0, 0, tokens, tokens));
    Value outputs = builder.selectOutputs(Site.of("select"), "outputs", tokens);
    return builder.build(builder.linear(Site.of("head"), "logits", outputs, embedding, Optional.empty()), VOCABULARY);
  }
}
