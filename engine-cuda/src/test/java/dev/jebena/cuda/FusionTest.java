package dev.jebena.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.engine.program.AttentionMask;
import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.program.Value;
import dev.jebena.engine.shard.Shard;
import dev.jebena.engine.tck.TinyPrograms;
import dev.jebena.engine.tck.TinyShape;
import dev.jebena.engine.weight.BlockType;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Which nodes a Program becomes, and that they can be executed in their order. Needs no device. */
class FusionTest {

  private static final TinyShape SHAPE = new TinyShape(96, 32, 2, 4, 2, 8, 64, BlockType.Q4_0, new AttentionMask.Causal());

  private static List<String> kinds(Program program) {
    return Fusion.fused(program).stream()
        .map(node -> switch (node) {
          case Node.Single(Op op) -> op.getClass().getSimpleName();
          case Node.AddNorm _ -> "AddNorm";
          case Node.Product product -> "Product" + product.parts().size() + (product.input().norm().isPresent() ? "N" : "")
              + (product.parts().stream().anyMatch(part -> part.residual().isPresent()) ? "R" : "");
          case Node.GatedProduct gated -> "Gated" + (gated.input().norm().isPresent() ? "N" : "");
          case Node.CacheWrite write -> "CacheWrite" + (write.query().isPresent() ? "Q" : "");
        })
        .toList();
  }

  @Test
  void aLlamaBlockIsSixNodes() {
    List<String> block = List.of("Product3N", "CacheWriteQ", "Attention", "Product1R", "GatedN", "Product1R");
    List<String> kinds = kinds(TinyPrograms.llama(SHAPE));
    assertEquals("Embed", kinds.getFirst());
    assertEquals(block, kinds.subList(1, 7));
    assertEquals(block, kinds.subList(7, 13));
    assertEquals(List.of("SelectRows", "Product1N"), kinds.subList(13, 15));
    assertEquals(15, kinds.size());
  }

  @Test
  void aBlockOfARankNormalisesWithTheSumBehindTheCollective() {
    List<String> kinds = kinds(Shard.of(TinyPrograms.llama(SHAPE), 0, 2).program());
    assertTrue(kinds.contains("AddNorm"), kinds.toString());
    assertTrue(kinds.stream().noneMatch(kind -> kind.equals("Product1R")), "a part of a sum takes no residual: " + kinds);
  }

  @Test
  void nodesReadOnlyWhatEarlierNodesWrote() {
    for (TinyShape shape : List.of(SHAPE, SHAPE.withMask(new AttentionMask.SlidingWindow(4)))) {
      for (int world : new int[] {1, 2, 3}) {
        Program program = Shard.of(TinyPrograms.llama(shape), world - 1, world).program();
        Set<Integer> written = new HashSet<>();
        for (Node node : Fusion.fused(program)) {
          for (Value value : node.reads()) {
            assertTrue(written.contains(value.root()), () -> value + " is read before it is written, in " + kinds(program));
          }
          node.writes().forEach(value -> written.add(value.root()));
        }
        Set<Integer> kept = program.operations().stream().flatMap(op -> op.outputs().stream()).map(Value::root).collect(Collectors.toSet());
        assertTrue(kept.containsAll(written));
        assertTrue(written.contains(program.logits().root()));
      }
    }
  }
}
