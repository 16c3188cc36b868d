package dev.jebena.cpu;

import dev.jebena.cpu.ProductKernel.Shape;
import dev.jebena.engine.weight.BlockType;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;

/** Which kernel runs for each weight type and shape: the first that fits, until the self-test finds a faster one. */
final class KernelTable {

  private final List<ProductKernel> candidates;
  private final Map<BlockType, Map<Shape, AtomicReference<ProductKernel>>> chosen = new EnumMap<>(BlockType.class);

  /** A table over {@code candidates}, the one that is expected to be fastest first; the last ones fit everything. */
  KernelTable(List<ProductKernel> candidates) {
    this.candidates = List.copyOf(candidates);
    for (BlockType type : BlockType.values()) {
      Map<Shape, AtomicReference<ProductKernel>> shapes = new EnumMap<>(Shape.class);
      for (Shape shape : Shape.values()) {
        shapes.put(shape, new AtomicReference<>(candidates(type, shape).getFirst()));
      }
      chosen.put(type, shapes);
    }
  }

  /** The kernels that fit, in order of expectation. */
  List<ProductKernel> candidates(BlockType type, Shape shape) {
    List<ProductKernel> fitting = candidates.stream().filter(kernel -> kernel.fits(type, shape)).toList();
    if (fitting.isEmpty()) {
      throw new IllegalArgumentException("no kernel fits " + type + ", " + shape.operation());
    }
    return fitting;
  }

  ProductKernel chosen(BlockType type, Shape shape) {
    return reference(type, shape).getPlain();
  }

  /** Takes effect for products that begin from now on; requests may run, since all that fit give the same bits. */
  void choose(BlockType type, Shape shape, ProductKernel kernel) {
    reference(type, shape).set(kernel);
  }

  private AtomicReference<ProductKernel> reference(BlockType type, Shape shape) {
    return Objects.requireNonNull(Objects.requireNonNull(chosen.get(type)).get(shape));
  }
}
