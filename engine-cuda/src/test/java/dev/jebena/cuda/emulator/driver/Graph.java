package dev.jebena.cuda.emulator.driver;

import java.util.ArrayList;
import java.util.List;

/** A graph: its nodes in an order in which they can run. The order of capture is one. */
final class Graph {

  private final List<GraphNode> nodes = new ArrayList<>();

  synchronized void add(GraphNode node) {
    nodes.add(node);
  }

  synchronized List<GraphNode> nodes() {
    return List.copyOf(nodes);
  }

  /** A copy whose nodes may change without this one's. */
  synchronized Executable instantiate() {
    return new Executable(new ArrayList<>(nodes), new ArrayList<>(nodes));
  }

  /** A graph that can be launched. {@code originals} tells which node of the graph each one is. */
  record Executable(List<GraphNode> originals, List<GraphNode> nodes) {
    synchronized void replace(GraphNode original, GraphNode node) {
      int index = originals.indexOf(original);
      if (index < 0) {
        throw new CudaFailure(CuResult.INVALID_VALUE, "the node is not in the graph");
      }
      nodes.set(index, node);
    }

    synchronized List<GraphNode> snapshot() {
      return List.copyOf(nodes);
    }
  }
}
