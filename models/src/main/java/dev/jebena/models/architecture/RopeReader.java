package dev.jebena.models.architecture;

import dev.jebena.engine.program.RopeFrequencies;
import dev.jebena.models.checkpoint.Settings;
import dev.jebena.models.checkpoint.Weights;
import java.util.Optional;

/**
 * Reads the rotary frequencies of a model, scaling of the context included.
 *
 * <p>Pair i of d rotary columns turns by base^(-2i/d) for each position. On top of that come, by {@code rope.scaling.type}:
 * <ul>
 *   <li>{@code linear}: every frequency divided by the factor (Chen et al., Position Interpolation, 2023);
 *   <li>{@code yarn}: only the slow pairs divided, the fast ones kept, a ramp between; cosine and sine grow by 0.1 ln(factor) + 1
 *       (Peng et al., YaRN, 2023);
 *   <li>{@code llama3}: pairs by wavelength, long ones divided, short ones kept, blended between (Llama 3.1's reference code);
 *   <li>in GGUF a tensor {@code rope_freqs.weight} that divides each pair, which is how its converters store {@code llama3}.
 * </ul>
 */
final class RopeReader {

  private static final double MAX_FACTOR = 1e6;

  private RopeReader() {}

  /** The frequencies for heads of {@code headDim} columns. */
  static RopeFrequencies read(Settings settings, Weights weights, int headDim) {
    int rotaryDim = settings.sizeOr("rope.dimension_count", headDim, headDim);
    if (rotaryDim % 2 != 0) {
      throw settings.problem("RoPE turns " + rotaryDim + " columns of each head (rope.dimension_count): an even number is needed");
    }
    double base = settings.positiveOr("rope.freq_base", 10000);
    double[] inverse = new double[rotaryDim / 2];
    for (int i = 0; i < inverse.length; i++) {
      inverse[i] = Math.pow(base, -2.0 * i / rotaryDim);
    }
    String fallback = settings.has("rope.scale_linear") ? "linear" : "none";
    String type = settings.text("rope.scaling.type").orElse(fallback);
    double magnitude = switch (type) {
      case "none", "default" -> 1;
      case "linear" -> linear(settings, inverse);
      case "yarn" -> yarn(settings, inverse, base);
      case "llama3" -> llama3(settings, inverse);
      default -> throw settings.wrong("rope.scaling.type", "linear, yarn and llama3 are supported");
    };
    Optional<float[]> divisors = weights.optionalValues("rope_freqs.weight", inverse.length);
    float[] result = new float[inverse.length];
    for (int i = 0; i < result.length; i++) {
      double frequency = inverse[i] / (divisors.isPresent() ? divisors.get()[i] : 1);
      if (!Double.isFinite(frequency)) {
        throw settings.problem(
            "RoPE turns pair " + i + " by " + frequency + " radians a position: check rope.freq_base, rope.scaling and rope_freqs.weight");
      }
      result[i] = (float) frequency;
    }
    return new RopeFrequencies(result, (float) magnitude);
  }

  private static double linear(Settings settings, double[] inverse) {
    double factor = factor(settings, settings.has("rope.scaling.factor") ? "rope.scaling.factor" : "rope.scale_linear");
    for (int i = 0; i < inverse.length; i++) {
      inverse[i] /= factor;
    }
    return 1;
  }

  private static double yarn(Settings settings, double[] inverse, double base) {
    if (settings.realOr("rope.scaling.yarn_ext_factor", 1) != 1 || settings.realOr("rope.scaling.yarn_log_multiplier", 0) != 0) {
      throw settings.problem("YaRN with an extrapolation factor or a log multiplier of its own is not supported yet");
    }
    double factor = factor(settings, "rope.scaling.factor");
    int context = settings.size("context_length", Integer.MAX_VALUE);
    int original = settings.sizeOr("rope.scaling.original_context_length", context, Integer.MAX_VALUE);
    int rotaryDim = 2 * inverse.length;
    double low = turningPair(settings.positiveOr("rope.scaling.yarn_beta_fast", 32), rotaryDim, original, base);
    double high = turningPair(settings.positiveOr("rope.scaling.yarn_beta_slow", 1), rotaryDim, original, base);
    if (settings.flagOr("rope.scaling.truncate", true)) {
      low = Math.floor(low);
      high = Math.ceil(high);
    }
    low = Math.max(low, 0);
    high = Math.min(high, rotaryDim - 1);
    double width = Math.max(high - low, 0.001);
    for (int i = 0; i < inverse.length; i++) {
      double interpolated = Math.clamp((i - low) / width, 0, 1);
      inverse[i] = inverse[i] / factor * interpolated + inverse[i] * (1 - interpolated);
    }
    double stated = settings.realOr("rope.scaling.magnitude", 0);
    double own = stated > 0 ? stated : factor > 1 ? 0.1 * Math.log(factor) + 1 : 1;
    return own * settings.positiveOr("rope.scaling.attn_factor", 1) * settings.positiveOr("rope.scaling.yarn_attn_factor", 1);
  }

  /** The (fractional) pair that makes {@code turns} full turns over the original context. */
  private static double turningPair(double turns, int rotaryDim, int original, double base) {
    return rotaryDim * Math.log(original / (turns * 2 * Math.PI)) / (2 * Math.log(base));
  }

  private static double llama3(Settings settings, double[] inverse) {
    double factor = factor(settings, "rope.scaling.factor");
    double lowFactor = settings.positive("rope.scaling.low_freq_factor");
    double highFactor = settings.positive("rope.scaling.high_freq_factor");
    int original = settings.size("rope.scaling.original_context_length", Integer.MAX_VALUE);
    if (highFactor <= lowFactor) {
      throw settings.wrong("rope.scaling.high_freq_factor", "it must be above the low factor " + lowFactor);
    }
    for (int i = 0; i < inverse.length; i++) {
      double turns = original * inverse[i] / (2 * Math.PI);
      if (turns < lowFactor) {
        inverse[i] /= factor;
      } else if (turns <= highFactor) {
        double kept = (turns - lowFactor) / (highFactor - lowFactor);
        inverse[i] = (1 - kept) * inverse[i] / factor + kept * inverse[i];
      }
    }
    return 1;
  }

  private static double factor(Settings settings, String key) {
    double factor = settings.positive(key);
    if (factor > MAX_FACTOR) {
      throw settings.wrong(key, "at most " + MAX_FACTOR + " is sensible");
    }
    return factor;
  }
}
