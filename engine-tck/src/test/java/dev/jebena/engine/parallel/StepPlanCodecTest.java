package dev.jebena.engine.parallel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.jebena.engine.backend.SlotSettings;
import dev.jebena.engine.backend.StepPlan;
import dev.jebena.engine.sampling.SamplingParameters;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StepPlanCodecTest {

  private static byte[] written(StepPlan plan) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    StepPlanCodec.write(plan, new DataOutputStream(bytes));
    return bytes.toByteArray();
  }

  private static StepPlan read(byte[] bytes) throws IOException {
    StepPlan plan = new StepPlan();
    StepPlanCodec.read(new DataInputStream(new ByteArrayInputStream(bytes)), bytes.length, plan);
    return plan;
  }

  private static StepPlan example() {
    StepPlan plan = new StepPlan();
    plan.reset(77);
    plan.close(3);
    plan.close(1);
    SamplingParameters sampling = new SamplingParameters(0.7f, 40, 0.9f, 0.05f, 1.1f, 0.5f, -0.5f, Map.of(5, -1.5f, 9, 2f), 1234567890123L);
    plan.open(1, new int[] {4, 5, 6}, new SlotSettings(2, sampling, 3, new int[] {0, 2}, 5, -1));
    plan.appendBlock(1, 0, 9);
    plan.run(0, 17, 1, 1);
    plan.run(1, 0, 3, 0);
    return plan;
  }

  @Test
  void aPlanComesBackAsItWas() throws IOException {
    StepPlan plan = example();
    byte[] bytes = written(plan);
    StepPlan back = read(bytes);
    assertArrayEquals(bytes, written(back));
    assertEquals(77, back.step());
    assertEquals(4, back.totalTokens());
    assertEquals(1, back.totalOutputs());
    assertEquals(plan.openings().getFirst().settings().sampling(), back.openings().getFirst().settings().sampling());
    assertArrayEquals(new int[] {4, 5, 6}, back.openings().getFirst().tokens());
  }

  @Test
  void damagedPlansAreRefusedBeforeTheyTakeMemory() throws IOException {
    byte[] bytes = written(example());
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 5_000; i++) {
      byte[] damaged = bytes.clone();
      for (int j = 0; j <= i % 3; j++) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
      }
      try {
        read(damaged);
      } catch (IOException | IllegalArgumentException e) {
        // refused
      }
    }
    assertThrows(IOException.class, () -> read(java.util.Arrays.copyOf(bytes, bytes.length - 4)));
  }
}
