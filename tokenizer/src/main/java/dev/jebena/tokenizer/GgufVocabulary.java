package dev.jebena.tokenizer;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The vocabulary that a GGUF file carries, as plain values: whoever reads the file fills it in, so that this module knows nothing of
 * the container.
 *
 * @param model {@code tokenizer.ggml.model}: {@code gpt2}, {@code llama}, {@code bert}, ...
 * @param pre {@code tokenizer.ggml.pre}, the pre-tokenizer's name
 * @param tokens {@code tokenizer.ggml.tokens}, by id
 * @param scores {@code tokenizer.ggml.scores} by id, or of length zero
 * @param types {@code tokenizer.ggml.token_type} by id (1 normal, 2 unknown, 3 control, 4 user defined, 5 unused, 6 byte), or of length zero
 * @param merges {@code tokenizer.ggml.merges}, best first, possibly empty
 * @param settings every other {@code tokenizer.ggml.*} value with the prefix taken off (numbers as Long or Double, Boolean, String, byte[]), and {@code
 *     general.name}
 */
public record GgufVocabulary(
    String model,
    Optional<String> pre,
    List<String> tokens,
    float[] scores,
    int[] types,
    List<String> merges,
    Map<String, Object> settings) {}
