package dev.jebena.cuda.emulator.driver;

import dev.jebena.cuda.emulator.ptx.Grid;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** Graphs. Methods have the names and arguments of the driver's functions. */
final class GraphCalls {

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

  private final Session session;
  private final ModuleCalls modules;

  GraphCalls(Session session, ModuleCalls modules) {
    this.session = session;
    this.modules = modules;
  }

  void cuGraphCreate(MemorySegment out, int flags) {
    Out.address(out, session.handle(new Graph()));
  }

  void cuGraphDestroy(long handle) {
    session.remove(handle, Graph.class);
  }

  void cuGraphInstantiateWithFlags(MemorySegment out, long graph, long flags) {
    session.context();
    Out.address(out, session.handle(session.object(graph, Graph.class).instantiate()));
  }

  void cuGraphInstantiate_v2(MemorySegment out, long graph, MemorySegment errorNode, MemorySegment log, long logBytes) {
    cuGraphInstantiateWithFlags(out, graph, 0);
  }

  void cuGraphExecDestroy(long handle) {
    session.remove(handle, Graph.Executable.class);
  }

  void cuGraphUpload(long executable, long stream) {
    session.object(executable, Graph.Executable.class);
    session.stream(stream);
  }

  void cuGraphLaunch(long handle, long streamHandle) {
    Context context = session.context();
    Stream stream = session.stream(streamHandle);
    List<GraphNode> nodes = session.object(handle, Graph.Executable.class).snapshot();
    if (stream.capture != null) {
      nodes.forEach(stream::submit);
      return;
    }
    stream.enqueue(() -> {
      for (GraphNode node : nodes) {
        if (context.device.sticky() == CuResult.SUCCESS) {
          node.run(context);
        }
      }
    });
  }

  // ---- nodes

  private long nodeHandle(GraphNode node) {
    try {
      return session.handleOf(node);
    } catch (CudaFailure e) {
      return session.handle(node);
    }
  }

  void cuGraphGetNodes(long graph, MemorySegment out, MemorySegment count) {
    List<GraphNode> nodes = session.object(graph, Graph.class).nodes();
    if (out.address() != 0) {
      long room = Math.min(Out.address(count), nodes.size());
      for (int i = 0; i < room; i++) {
        Out.bytes(out, 8 * room).set(LONG, 8L * i, nodeHandle(nodes.get(i)));
      }
    }
    Out.address(count, nodes.size());
  }

  void cuGraphNodeGetType(long node, MemorySegment type) {
    Out.integer(type, session.object(node, GraphNode.class).type());
  }

  /** The parameters' layout: function, grid and block sizes, shared memory, parameters, extra, then a kernel and a context. */
  private GraphNode.Kernel kernelNode(MemorySegment parameters) {
    MemorySegment p = Out.bytes(parameters, 72);
    Function function = session.object(p.get(LONG, 0), Function.class);
    Grid.Shape shape = new Grid.Shape(p.get(INT, 8), p.get(INT, 12), p.get(INT, 16), p.get(INT, 20), p.get(INT, 24), p.get(INT, 28), p.get(INT, 32));
    return modules.node(function, shape, MemorySegment.ofAddress(p.get(LONG, 40)), MemorySegment.ofAddress(p.get(LONG, 48)));
  }

  void cuGraphAddKernelNode_v2(MemorySegment out, long graph, MemorySegment dependencies, long count, MemorySegment parameters) {
    GraphNode node = kernelNode(parameters);
    session.object(graph, Graph.class).add(node);
    Out.address(out, session.handle(node));
  }

  void cuGraphExecKernelNodeSetParams_v2(long executable, long node, MemorySegment parameters) {
    GraphNode.Kernel original = session.object(node, GraphNode.Kernel.class);
    session.object(executable, Graph.Executable.class).replace(original, kernelNode(parameters));
  }

  void cuGraphKernelNodeGetParams_v2(long node, MemorySegment parameters) {
    GraphNode.Kernel kernel = session.object(node, GraphNode.Kernel.class);
    MemorySegment p = Out.bytes(parameters, 72);
    p.fill((byte) 0);
    p.set(LONG, 0, session.handleOf(kernel.function));
    int[] sizes = {kernel.shape.gridX(), kernel.shape.gridY(), kernel.shape.gridZ(), kernel.shape.blockX(), kernel.shape.blockY(), kernel.shape.blockZ(),
        kernel.shape.dynamicSharedBytes()};
    MemorySegment.copy(sizes, 0, p, INT, 8, sizes.length);
  }
}
