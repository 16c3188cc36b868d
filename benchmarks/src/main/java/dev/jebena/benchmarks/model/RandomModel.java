package dev.jebena.benchmarks.model;

import dev.jebena.engine.weight.BlockType;
import dev.jebena.models.gguf.GgufTensorType;
import dev.jebena.models.gguf.GgufValue;
import dev.jebena.models.gguf.GgufWriter;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;

/** A Llama model of random weights: the same seed, shape and types give the same file. */
public record RandomModel(LlamaShape shape, TypeMix types, long seed) {

  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Writes the file; only pieces of it are ever in memory. */
  public void write(Path path) {
    GgufWriter writer = new GgufWriter();
    addSettings(writer);
    RandomVocabulary.addTo(writer, shape.vocabulary(), shape.preTokenizer());
    matrix(writer, "token_embd.weight", types.head(shape.hidden()), shape.vocabulary(), shape.hidden());
    for (int layer = 0; layer < shape.layers(); layer++) {
      addLayer(writer, layer);
    }
    ones(writer, "output_norm.weight");
    writer.write(path);
  }

  private void addSettings(GgufWriter writer) {
    writer.metadata("general.architecture", GgufValue.of("llama"))
        .metadata("general.name", GgufValue.of("random " + shape.name() + " " + types.name()))
        .metadata("llama.block_count", GgufValue.uint32(shape.layers()))
        .metadata("llama.context_length", GgufValue.uint32(shape.context()))
        .metadata("llama.embedding_length", GgufValue.uint32(shape.hidden()))
        .metadata("llama.feed_forward_length", GgufValue.uint32(shape.feedForward()))
        .metadata("llama.attention.head_count", GgufValue.uint32(shape.heads()))
        .metadata("llama.attention.head_count_kv", GgufValue.uint32(shape.kvHeads()))
        .metadata("llama.attention.key_length", GgufValue.uint32(shape.headDim()))
        .metadata("llama.attention.value_length", GgufValue.uint32(shape.headDim()))
        .metadata("llama.attention.layer_norm_rms_epsilon", GgufValue.of(1e-5f))
        .metadata("llama.rope.dimension_count", GgufValue.uint32(shape.headDim()))
        .metadata("llama.rope.freq_base", GgufValue.of((float) shape.ropeBase()))
        .metadata("llama.vocab_size", GgufValue.uint32(shape.vocabulary()));
  }

  private void addLayer(GgufWriter writer, int layer) {
    int queries = shape.heads() * shape.headDim();
    int keys = shape.kvHeads() * shape.headDim();
    ones(writer, "blk." + layer + ".attn_norm.weight");
    layerMatrix(writer, layer, "attn_q", queries, shape.hidden());
    layerMatrix(writer, layer, "attn_k", keys, shape.hidden());
    layerMatrix(writer, layer, "attn_v", keys, shape.hidden());
    layerMatrix(writer, layer, "attn_output", shape.hidden(), queries);
    ones(writer, "blk." + layer + ".ffn_norm.weight");
    layerMatrix(writer, layer, "ffn_gate", shape.feedForward(), shape.hidden());
    layerMatrix(writer, layer, "ffn_up", shape.feedForward(), shape.hidden());
    layerMatrix(writer, layer, "ffn_down", shape.hidden(), shape.feedForward());
  }

  private void layerMatrix(GgufWriter writer, int layer, String name, int rows, int columns) {
    matrix(writer, "blk." + layer + "." + name + ".weight", types.layer(layer, shape.layers(), name, columns), rows, columns);
  }

  private void matrix(GgufWriter writer, String name, BlockType type, int rows, int columns) {
    RandomBlocks blocks = new RandomBlocks(seed * 31 + name.hashCode(), type, 1 / Math.sqrt(columns));
    writer.tensor(name, GgufTensorType.of(type), List.of((long) columns, (long) rows), (offset, chunk) -> blocks.fill(chunk));
  }

  private void ones(GgufWriter writer, String name) {
    MemorySegment ones = MemorySegment.ofArray(new byte[4 * shape.hidden()]);
    for (int i = 0; i < shape.hidden(); i++) {
      ones.set(FLOAT, 4L * i, 1);
    }
    writer.tensor(name, GgufTensorType.of(BlockType.F32), List.of((long) shape.hidden()), ones);
  }
}
