package dev.jebena.engine.tck;

import dev.jebena.engine.program.AttentionMask;
import dev.jebena.engine.weight.BlockType;

/**
 * The sizes of a tiny decoder.
 *
 * @param vocabulary tokens
 * @param hidden columns of the residual stream, a multiple of the type's block
 * @param layers decoder layers
 * @param heads query heads
 * @param kvHeads key and value heads
 * @param headDim columns of a head, even
 * @param feedForward columns between gate and down, a multiple of the type's block
 * @param type of the matrices; norms are F32
 * @param mask of every odd layer (these form a KV group of their own if it is not causal); even layers are causal
 */
public record TinyShape(
    int vocabulary,
    int hidden,
    int layers,
    int heads,
    int kvHeads,
    int headDim,
    int feedForward,
    BlockType type,
    AttentionMask mask) {

  /** 2 layers, 4 heads over 2, hidden 32, 96 tokens, F32. */
  public static final TinyShape DEFAULT = new TinyShape(96, 32, 2, 4, 2, 8, 64, BlockType.F32, new AttentionMask.Causal());

  public TinyShape withType(BlockType newType) {
    return new TinyShape(vocabulary, hidden, layers, heads, kvHeads, headDim, feedForward, newType, mask);
  }

  public TinyShape withMask(AttentionMask newMask) {
    return new TinyShape(vocabulary, hidden, layers, heads, kvHeads, headDim, feedForward, type, newMask);
  }

  public TinyShape withVocabulary(int newVocabulary) {
    return new TinyShape(newVocabulary, hidden, layers, heads, kvHeads, headDim, feedForward, type, mask);
  }
}
