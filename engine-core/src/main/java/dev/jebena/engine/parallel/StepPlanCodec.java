package dev.jebena.engine.parallel;

import dev.jebena.engine.backend.SlotSettings;
import dev.jebena.engine.backend.StepPlan;
import dev.jebena.engine.sampling.SamplingParameters;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/** A {@link StepPlan} as bytes, equal for equal plans: four bytes for each number, in the order of its parts. */
final class StepPlanCodec {

  /** More than any step has of anything; counts that lie are found before memory is taken for them. */
  private static final int MOST = 1 << 24;

  private StepPlanCodec() {}

  static void write(StepPlan plan, DataOutput out) throws IOException {
    out.writeLong(plan.step());
    out.writeInt(plan.closingCount());
    for (int i = 0; i < plan.closingCount(); i++) {
      out.writeInt(plan.closing(i));
    }
    out.writeInt(plan.openings().size());
    for (StepPlan.Opening opening : plan.openings()) {
      out.writeInt(opening.slot());
      writeInts(opening.tokens(), out);
      writeSettings(opening.settings(), out);
    }
    out.writeInt(plan.appendCount());
    for (int i = 0; i < plan.appendCount(); i++) {
      out.writeInt(plan.appendSlot(i));
      out.writeInt(plan.appendGroup(i));
      out.writeInt(plan.appendBlock(i));
    }
    out.writeInt(plan.runCount());
    for (int i = 0; i < plan.runCount(); i++) {
      out.writeInt(plan.runSlot(i));
      out.writeInt(plan.runStart(i));
      out.writeInt(plan.runTokens(i));
      out.writeInt(plan.runOutputs(i));
    }
  }

  /**
   * Reads what {@link #write} wrote.
   *
   * @param available bytes that there are: no count may promise more
   */
  static void read(DataInput in, int available, StepPlan plan) throws IOException {
    plan.reset(in.readLong());
    for (int i = count(in, available); i > 0; i--) {
      plan.close(in.readInt());
    }
    for (int i = count(in, available); i > 0; i--) {
      plan.open(in.readInt(), readInts(in, available), readSettings(in, available));
    }
    for (int i = count(in, available); i > 0; i--) {
      plan.appendBlock(in.readInt(), in.readInt(), in.readInt());
    }
    for (int i = count(in, available); i > 0; i--) {
      plan.run(in.readInt(), in.readInt(), in.readInt(), in.readInt());
    }
  }

  private static void writeSettings(SlotSettings settings, DataOutput out) throws IOException {
    out.writeInt(settings.promptTokens());
    out.writeInt(settings.minTokens());
    writeInts(settings.endTokens(), out);
    out.writeInt(settings.topLogprobs());
    out.writeInt(settings.topPromptLogprobs());
    SamplingParameters sampling = settings.sampling();
    out.writeFloat(sampling.temperature());
    out.writeInt(sampling.topK());
    out.writeFloat(sampling.topP());
    out.writeFloat(sampling.minP());
    out.writeFloat(sampling.repetitionPenalty());
    out.writeFloat(sampling.presencePenalty());
    out.writeFloat(sampling.frequencyPenalty());
    // in the order of the tokens: a map's own order changes from one JVM to the next, and equal plans have equal bytes
    out.writeInt(sampling.logitBias().size());
    for (Map.Entry<Integer, Float> bias : new TreeMap<>(sampling.logitBias()).entrySet()) {
      out.writeInt(bias.getKey());
      out.writeFloat(bias.getValue());
    }
    out.writeLong(sampling.seed());
  }

  private static SlotSettings readSettings(DataInput in, int available) throws IOException {
    int promptTokens = in.readInt();
    int minTokens = in.readInt();
    int[] endTokens = readInts(in, available);
    int topLogprobs = in.readInt();
    int topPromptLogprobs = in.readInt();
    float temperature = in.readFloat();
    int topK = in.readInt();
    float topP = in.readFloat();
    float minP = in.readFloat();
    float repetition = in.readFloat();
    float presence = in.readFloat();
    float frequency = in.readFloat();
    Map<Integer, Float> bias = new LinkedHashMap<>();
    for (int i = count(in, available); i > 0; i--) {
      bias.put(in.readInt(), in.readFloat());
    }
    return new SlotSettings(
        promptTokens,
        new SamplingParameters(temperature, topK, topP, minP, repetition, presence, frequency, bias, in.readLong()),
        minTokens, endTokens, topLogprobs, topPromptLogprobs);
  }

  private static void writeInts(int[] values, DataOutput out) throws IOException {
    out.writeInt(values.length);
    for (int value : values) {
      out.writeInt(value);
    }
  }

  private static int[] readInts(DataInput in, int available) throws IOException {
    int[] values = new int[count(in, available)];
    for (int i = 0; i < values.length; i++) {
      values[i] = in.readInt();
    }
    return values;
  }

  private static int count(DataInput in, int available) throws IOException {
    int count = in.readInt();
    if (count < 0 || count > Math.min(MOST, available / Integer.BYTES)) {
      throw new IOException("a step plan of " + available + " bytes counts " + count + " entries");
    }
    return count;
  }
}
