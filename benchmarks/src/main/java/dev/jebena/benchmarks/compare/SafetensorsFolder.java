package dev.jebena.benchmarks.compare;

import dev.jebena.engine.weight.BlockType;
import dev.jebena.models.file.FileMappings;
import dev.jebena.models.gguf.GgufFile;
import dev.jebena.models.gguf.GgufMetadata;
import dev.jebena.models.gguf.GgufTensor;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes a GGUF Llama model as a Hugging Face folder of bfloat16 weights, for engines that read nothing else: its weights are decoded, and
 * the rows of queries and keys brought back into Hugging Face's order. Such an engine quantises them again by itself.
 */
final class SafetensorsFolder {

  private static final String PREFIX = "tokenizer.ggml.";

  private final GgufFile file;
  private final GgufMetadata metadata;

  private SafetensorsFolder(GgufFile file) {
    this.file = file;
    this.metadata = file.metadata();
  }

  /** Writes the folder, unless it is there. */
  static Path write(Path model, Path folder) {
    Path marker = folder.resolve("written-from");
    try (GgufFile file = GgufFile.open(model, new FileMappings())) {
      String origin = model + " " + Files.size(model);
      if (!Files.exists(marker) || !Files.readString(marker).equals(origin)) {
        Files.createDirectories(folder);
        SafetensorsFolder writer = new SafetensorsFolder(file);
        writer.writeConfig(folder.resolve("config.json"));
        writer.writeTokenizer(folder.resolve("tokenizer.json"));
        writer.writeTensors(folder.resolve("model.safetensors"));
        Files.writeString(marker, origin);
      }
      return folder;
    } catch (IOException problem) {
      throw new UncheckedIOException(problem);
    }
  }

  private long whole(String key) {
    return metadata.whole("llama." + key).orElseThrow(() -> new IllegalStateException("llama." + key + " is missing"));
  }

  private void writeConfig(Path path) throws IOException {
    GgufTensor embedding = file.tensors().get("token_embd.weight");
    if (embedding == null) {
      throw new IllegalStateException("token_embd.weight is missing");
    }
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("architectures", List.of("LlamaForCausalLM"));
    config.put("model_type", "llama");
    config.put("hidden_act", "silu");
    config.put("hidden_size", whole("embedding_length"));
    config.put("intermediate_size", whole("feed_forward_length"));
    config.put("max_position_embeddings", Math.min(8192, whole("context_length")));
    config.put("num_attention_heads", whole("attention.head_count"));
    config.put("num_key_value_heads", whole("attention.head_count_kv"));
    config.put("num_hidden_layers", whole("block_count"));
    config.put("rms_norm_eps", metadata.real("llama.attention.layer_norm_rms_epsilon").orElse(1e-5));
    config.put("rope_theta", metadata.real("llama.rope.freq_base").orElse(10_000));
    config.put("bos_token_id", metadata.whole(PREFIX + "bos_token_id").orElse(1L));
    config.put("eos_token_id", metadata.whole(PREFIX + "eos_token_id").orElse(2L));
    config.put("vocab_size", embedding.dimensions().get(1));
    config.put("tie_word_embeddings", !file.tensors().containsKey("output.weight"));
    config.put("torch_dtype", "bfloat16");
    Contender.JSON.writeValue(path.toFile(), config);
  }

  private void writeTokenizer(Path path) throws IOException {
    Map<String, Integer> vocabulary = new LinkedHashMap<>();
    List<Map<String, Object>> added = new ArrayList<>();
    List<String> tokens = metadata.texts(PREFIX + "tokens").orElseThrow();
    int[] types = metadata.ints(PREFIX + "token_type").orElse(new int[tokens.size()]);
    for (int id = 0; id < tokens.size(); id++) {
      vocabulary.put(tokens.get(id), id);
      if (types[id] == 3) {
        added.add(Map.of(
            "id", id, "content", tokens.get(id), "single_word", false, "lstrip", false, "rstrip", false, "normalized", false, "special", true));
      }
    }
    Map<String, Object> byteLevel = Map.of("type", "ByteLevel", "add_prefix_space", false, "trim_offsets", true, "use_regex", true);
    Map<String, Object> bpe = new LinkedHashMap<>();
    bpe.put("type", "BPE");
    bpe.put("vocab", vocabulary);
    bpe.put("merges", metadata.texts(PREFIX + "merges").orElse(List.of()));
    Map<String, Object> tokenizer = new LinkedHashMap<>();
    tokenizer.put("version", "1.0");
    tokenizer.put("added_tokens", added);
    tokenizer.put("pre_tokenizer", byteLevel);
    tokenizer.put("decoder", byteLevel);
    tokenizer.put("model", bpe);
    Contender.JSON.writeValue(path.toFile(), tokenizer);
    // tools read these without asking whether they are there
    Contender.JSON.writeValue(path.resolveSibling("tokenizer_config.json").toFile(), Map.of("tokenizer_class", "PreTrainedTokenizerFast"));
    Files.writeString(path.resolveSibling("README.md"), "---\nlicense: other\n---\nMade from a GGUF file by benchmarks/compare.\n");
  }

  private void writeTensors(Path path) throws IOException {
    Map<String, Object> header = new LinkedHashMap<>();
    long offset = 0;
    for (GgufTensor tensor : file.tensors().values()) {
      long bytes = 2 * tensor.elements();
      header.put(name(tensor.name()), Map.of(
          "dtype", "BF16", "shape", tensor.dimensions().reversed(), "data_offsets", List.of(offset, offset + bytes)));
      offset += bytes;
    }
    byte[] text = Contender.JSON.writeValueAsString(header).getBytes(StandardCharsets.UTF_8);
    int padded = (text.length + 7) / 8 * 8;
    ByteBuffer start = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN).putLong(padded).put(text);
    while (start.hasRemaining()) {
      start.put((byte) ' ');
    }
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(path), 1 << 20)) {
      out.write(start.array());
      for (GgufTensor tensor : file.tensors().values()) {
        writeRows(tensor, out);
      }
    }
  }

  private void writeRows(GgufTensor tensor, OutputStream out) throws IOException {
    BlockType type = tensor.type().block().orElseThrow();
    int columns = Math.toIntExact(tensor.dimensions().getFirst());
    long rows = tensor.elements() / columns;
    int headDim = (int) (whole("embedding_length") / whole("attention.head_count"));
    boolean turned = tensor.name().endsWith("attn_q.weight") || tensor.name().endsWith("attn_k.weight");
    float[] values = new float[columns];
    byte[] bytes = new byte[2 * columns];
    for (long row = 0; row < rows; row++) {
      long source = turned ? turned(row, headDim) : row;
      long at = source * type.bytesOf(columns);
      for (int column = 0; column < columns; column += type.elements()) {
        type.decode(tensor.data(), at + type.bytesOf(column), values, column);
      }
      for (int i = 0; i < columns; i++) {
        int bits = Float.floatToRawIntBits(values[i]);
        int rounded = bits + 0x7FFF + (bits >>> 16 & 1) >>> 16;
        bytes[2 * i] = (byte) rounded;
        bytes[2 * i + 1] = (byte) (rounded >> 8);
      }
      out.write(bytes);
    }
  }

  /** GGUF interleaves the two halves of each head. */
  private static long turned(long row, int headDim) {
    long within = row % headDim;
    long half = headDim / 2L;
    return row - within + within % half * 2 + within / half;
  }

  private static String name(String gguf) {
    if (gguf.equals("token_embd.weight")) {
      return "model.embed_tokens.weight";
    }
    if (gguf.equals("output_norm.weight")) {
      return "model.norm.weight";
    }
    if (gguf.equals("output.weight")) {
      return "lm_head.weight";
    }
    return gguf.replaceFirst("^blk\\.", "model.layers.")
        .replace("attn_norm", "input_layernorm").replace("ffn_norm", "post_attention_layernorm")
        .replace("attn_q", "self_attn.q_proj").replace("attn_k", "self_attn.k_proj").replace("attn_v", "self_attn.v_proj")
        .replace("attn_output", "self_attn.o_proj")
        .replace("ffn_gate", "mlp.gate_proj").replace("ffn_up", "mlp.up_proj").replace("ffn_down", "mlp.down_proj");
  }
}
