package dev.jebena.cuda;

import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.backend.RowStatus;
import dev.jebena.engine.backend.SlotSettings;
import dev.jebena.engine.backend.SlotTable;
import dev.jebena.engine.backend.StepResult;
import dev.jebena.engine.sampling.SamplingParameters;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;
import java.util.List;

/**
 * Chooses tokens on the device, so that only ids, log-probabilities and states come to the host. What a slot was opened with is copied when it
 * opens; how often its sequence has each token is kept by the kernel itself.
 */
final class DeviceSampler {

  /** Biased tokens, and tokens that end, that a slot has room for; a slot with more is sampled on the host. */
  static final int MAX_EXTRAS = 512;

  private static final int SLOT_BYTES = 96;
  private static final int RESULT_BYTES = 24;
  private static final int BLOCK = 1024;
  private static final int COUNT_BLOCK = 256;
  private static final List<RowStatus> STATES = List.of(RowStatus.values());
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

  private final Limits limits;
  private final int vocabulary;
  private final int topStride;
  private final long slotsAt;
  private final long extrasAt;
  private final long countsAt;
  private final long historyAt;
  private final long slotTokenAt;
  private final long resultsAt;
  private final long topTokensAt;
  private final long topLogprobsAt;
  private final long workAt;
  private final BitSet uncounted = new BitSet();
  private final BitSet oversize = new BitSet();
  private long base;
  /** One for each step in flight. */
  private final MemorySegment[] buffers = new MemorySegment[StepArrays.BUFFERS];

  DeviceSampler(MemoryPlan plan, Limits limits, int vocabulary) {
    this.limits = limits;
    this.vocabulary = vocabulary;
    this.topStride = Math.min(vocabulary, SlotSettings.MAX_TOP_LOGPROBS);
    int slots = limits.maxSequences();
    slotsAt = plan.take((long) SLOT_BYTES * slots);
    extrasAt = plan.take((long) slots * extraBytes());
    countsAt = plan.take(4L * slots * vocabulary);
    historyAt = plan.take(4L * limits.maxContext());
    slotTokenAt = plan.take(4L * (slots + 1));
    resultsAt = plan.take((long) RESULT_BYTES * limits.maxOutputRows());
    topTokensAt = plan.take(4L * topStride * limits.maxOutputRows());
    topLogprobsAt = plan.take(4L * topStride * limits.maxOutputRows());
    workAt = plan.take(4L * vocabulary * Math.min(ScratchPlan.WINDOW_ROWS, limits.maxOutputRows()));
  }

  /** Biased tokens, their values, tokens that end. */
  private static int extraBytes() {
    return 3 * 4 * MAX_EXTRAS;
  }

  // a buffer of pinned memory: slots, extras, history, results, top tokens, top log-probabilities
  private long pinnedExtras() {
    return (long) SLOT_BYTES * limits.maxSequences();
  }

  private long pinnedHistory() {
    return pinnedExtras() + (long) extraBytes() * limits.maxSequences();
  }

  private long pinnedResults() {
    return pinnedHistory() + (4L * limits.maxContext() + 7) / 8 * 8;
  }

  private long pinnedTops() {
    return pinnedResults() + (long) RESULT_BYTES * limits.maxOutputRows();
  }

  private long bufferBytes() {
    return pinnedTops() + 8L * topStride * limits.maxOutputRows();
  }

  /** Pinned bytes that {@link #bind} wants. */
  long pinnedBytes() {
    return StepArrays.BUFFERS * bufferBytes();
  }

  /** Address of the token that each slot sampled last. */
  long slotTokens() {
    return base + slotTokenAt;
  }

  void bind(long deviceBase, MemorySegment memory) {
    base = deviceBase;
    for (int buffer = 0; buffer < buffers.length; buffer++) {
      buffers[buffer] = memory.asSlice(buffer * bufferBytes(), bufferBytes());
    }
  }

  void closed(int slot) {
    oversize.clear(slot);
    uncounted.clear(slot);
  }

  /** Whether every open slot can be sampled here. */
  boolean fits() {
    return oversize.isEmpty();
  }

  /** A slot was sampled on the host: the device's counts of it are behind. */
  void sampledElsewhere(int slot) {
    if (!oversize.get(slot)) {
      uncounted.set(slot);
    }
  }

  /** Queues what the device has to know of a slot that was opened. */
  void open(int slot, SlotSettings settings, int buffer, DeviceStream stream) {
    MemorySegment pinned = buffers[buffer];
    SamplingParameters parameters = settings.sampling();
    int biases = parameters.logitBias().size();
    int ends = settings.endTokens().length;
    uncounted.set(slot);
    if (biases > MAX_EXTRAS || ends > MAX_EXTRAS) {
      oversize.set(slot);
      return;
    }
    MemorySegment extras = pinned.asSlice(pinnedExtras() + (long) slot * extraBytes(), extraBytes());
    int[] tokens = parameters.logitBias().keySet().stream().mapToInt(Integer::intValue).sorted().toArray();
    for (int i = 0; i < biases; i++) {
      extras.set(INT, 4L * i, tokens[i]);
      extras.set(FLOAT, 4L * (MAX_EXTRAS + i), parameters.logitBias().getOrDefault(tokens[i], 0f));
    }
    MemorySegment.copy(settings.endTokens(), 0, extras, INT, 8L * MAX_EXTRAS, ends);
    long deviceExtras = base + extrasAt + (long) slot * extraBytes();
    MemorySegment entry = pinned.asSlice((long) SLOT_BYTES * slot, SLOT_BYTES);
    entry.set(FLOAT, 0, parameters.temperature());
    entry.set(INT, 4, parameters.topK());
    entry.set(FLOAT, 8, parameters.topP());
    entry.set(FLOAT, 12, parameters.minP());
    entry.set(FLOAT, 16, parameters.repetitionPenalty());
    entry.set(FLOAT, 20, parameters.presencePenalty());
    entry.set(FLOAT, 24, parameters.frequencyPenalty());
    entry.set(INT, 28, settings.minTokens());
    entry.set(LONG, 32, parameters.seed());
    entry.set(INT, 40, settings.promptTokens());
    entry.set(INT, 44, settings.topLogprobs());
    entry.set(INT, 48, settings.topPromptLogprobs());
    entry.set(INT, 52, biases);
    entry.set(INT, 56, ends);
    entry.set(INT, 60, 0);
    entry.set(LONG, 64, biases == 0 ? 0 : deviceExtras);
    entry.set(LONG, 72, biases == 0 ? 0 : deviceExtras + 4L * MAX_EXTRAS);
    entry.set(LONG, 80, ends == 0 ? 0 : deviceExtras + 8L * MAX_EXTRAS);
    entry.set(LONG, 88, counts(parameters) ? countsOf(slot) : 0);
    if (biases > 0 || ends > 0) {
      stream.upload(deviceExtras, extras.address(), extraBytes());
    }
    stream.upload(base + slotsAt + (long) SLOT_BYTES * slot, entry.address(), SLOT_BYTES);
  }

  private static boolean counts(SamplingParameters parameters) {
    return parameters.repetitionPenalty() != 1 || parameters.presencePenalty() != 0 || parameters.frequencyPenalty() != 0;
  }

  private long countsOf(int slot) {
    return base + countsAt + 4L * slot * vocabulary;
  }

  /** Brings the device's counts of tokens up to what the table knows, for slots where they are behind. */
  void count(SlotTable table, Kernels kernels, int buffer, Launcher launcher) {
    MemorySegment pinned = buffers[buffer];
    for (int slot = uncounted.nextSetBit(0); slot >= 0; slot = uncounted.nextSetBit(slot + 1)) {
      SlotSettings settings = table.settings(slot);
      if (!counts(settings.sampling())) {
        continue;
      }
      DeviceStream stream = launcher.stream();
      int known = table.knownTokens(slot);
      MemorySegment history = pinned.asSlice(pinnedHistory(), 4L * known);
      for (int i = 0; i < known; i++) {
        history.set(INT, 4L * i, table.token(slot, i));
      }
      stream.zero(countsOf(slot), 4L * vocabulary);
      stream.upload(base + historyAt, history.address(), history.byteSize());
      launcher.launch(
          kernels.get("count_tokens"), Math.ceilDiv(known, COUNT_BLOCK), 1, COUNT_BLOCK,
          launcher.arguments().pointer(countsOf(slot)).pointer(base + historyAt).i32(settings.promptTokens()).i32(known));
      // one piece of pinned memory serves all slots; opening with penalties is rare
      stream.await();
    }
    uncounted.clear();
  }

  /** Samples a window of output rows. */
  Stage stage(Kernels kernels, Place logits, StepArrays arrays) {
    Kernel kernel = kernels.get("sample");
    return (step, launcher) -> launcher.launch(
        kernel, step.outputRows(), 1, BLOCK,
        launcher.arguments().matrix(logits).pointer(base + workAt).i32(vocabulary).i32(step.firstOutput()).pointer(base + slotsAt)
            .pointer(arrays.outputSlot()).pointer(arrays.outputPosition()).pointer(arrays.outputNext()).pointer(0).pointer(0).i32(0)
            .pointer(base + slotTokenAt).pointer(base + resultsAt).pointer(base + topTokensAt).pointer(base + topLogprobsAt)
            .i32(topStride));
  }

  /** Queues the copies of the step's results. */
  void download(SlotTable table, int buffer, DeviceStream stream) {
    MemorySegment pinned = buffers[buffer];
    stream.download(pinned.address() + pinnedResults(), base + resultsAt, (long) RESULT_BYTES * table.outputs());
    if (wantsTop(table)) {
      long bytes = 4L * topStride * table.outputs();
      stream.download(pinned.address() + pinnedTops(), base + topTokensAt, bytes);
      stream.download(pinned.address() + pinnedTops() + 4L * topStride * limits.maxOutputRows(), base + topLogprobsAt, bytes);
    }
  }

  private static boolean wantsTop(SlotTable table) {
    for (int output = 0; output < table.outputs(); output++) {
      SlotSettings settings = table.settings(table.outputSlot()[output]);
      if (Math.max(settings.topLogprobs(), settings.topPromptLogprobs()) > 0) {
        return true;
      }
    }
    return false;
  }

  /** Reads the results that were copied. */
  void read(int outputs, int buffer, StepResult result) {
    MemorySegment pinned = buffers[buffer];
    result.reset(outputs);
    for (int output = 0; output < outputs; output++) {
      MemorySegment row = pinned.asSlice(pinnedResults() + (long) RESULT_BYTES * output, RESULT_BYTES);
      RowStatus status = STATES.get(row.get(INT, 0));
      if (status != RowStatus.OK) {
        result.fail(output, status);
        continue;
      }
      result.token(output, row.get(INT, 4));
      result.logprob(output, row.get(FLOAT, 8), row.get(INT, 12));
      int top = row.get(INT, 16);
      result.topCount(output, top);
      long tops = pinnedTops() + 4L * topStride * output;
      for (int i = 0; i < top; i++) {
        result.top(
            output, i, pinned.get(INT, tops + 4L * i), pinned.get(FLOAT, tops + 4L * topStride * limits.maxOutputRows() + 4L * i));
      }
    }
  }
}
