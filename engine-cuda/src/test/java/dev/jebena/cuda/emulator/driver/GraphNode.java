package dev.jebena.cuda.emulator.driver;

import dev.jebena.cuda.emulator.ptx.Grid;

/** A piece of work of a stream or graph. Nodes are compared by identity. */
abstract sealed class GraphNode {

  /** The number that the driver gives this type of node. */
  abstract int type();

  abstract void run(Context context);

  /** A launch of a kernel. */
  static final class Kernel extends GraphNode {
    final Function function;
    final Grid.Shape shape;
    final byte[] parameters;

    Kernel(Function function, Grid.Shape shape, byte[] parameters) {
      this.function = function;
      this.shape = shape;
      this.parameters = parameters;
    }

    @Override
    int type() {
      return 0;
    }

    @Override
    void run(Context launching) {
      Context context = function.module.context; // a graph may hold launches on other devices than the one that it is launched on
      CuResult injected = context.device.takeInjected();
      if (injected != CuResult.SUCCESS) {
        context.device.fail(injected);
        return;
      }
      context.session.launch(context, this);
    }
  }

  /** Anything else: copies, fills, host functions, matrix products. */
  static final class Other extends GraphNode {
    private final int type;
    private final Stream.Work work;

    Other(int type, Stream.Work work) {
      this.type = type;
      this.work = work;
    }

    static Other copy(Stream.Work work) {
      return new Other(1, work);
    }

    static Other fill(Stream.Work work) {
      return new Other(2, work);
    }

    static Other host(Stream.Work work) {
      return new Other(3, work);
    }

    static Other library(Stream.Work work) {
      return new Other(0, work);
    }

    static Other event(Stream.Work work) {
      return new Other(7, work);
    }

    @Override
    int type() {
      return type;
    }

    @Override
    void run(Context context) {
      work.run();
    }
  }
}
