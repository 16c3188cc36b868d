package dev.jebena.cuda.emulator.driver;

import dev.jebena.cuda.emulator.ptx.KernelFault;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A stream: work in order, on a thread of its own. While it is captured, work goes into a graph instead. */
final class Stream {

  /** Whether the stream is in order with stream 0. */
  enum Order {
    BLOCKING,
    NON_BLOCKING
  }

  /** A piece of work. */
  @FunctionalInterface
  interface Work {
    void run();
  }

  private record Item(Work work, List<Completion> before, Completion after) {}

  final Context context;
  final Order order;
  private final ArrayDeque<Item> queue = new ArrayDeque<>();
  private final Thread thread;
  private Completion tail = Completion.PASSED;
  private boolean closed;
  volatile @Nullable Capture capture;

  Stream(Context context, Order order) {
    this.context = context;
    this.order = order;
    thread = Thread.ofPlatform().daemon().name("emulated-stream-" + context.device.ordinal).unstarted(this::loop);
    thread.start();
    context.add(this);
  }

  /** Adds work, or a node to the graph that is being captured. */
  void submit(GraphNode node) {
    Capture into = capture;
    if (into != null) {
      into.graph.add(node);
      return;
    }
    context.device.checkHealthy();
    enqueue(() -> node.run(context));
  }

  /** Adds work that is never captured. */
  Completion enqueue(Work work) {
    List<Completion> before = context.before(this);
    Completion after = new Completion();
    synchronized (this) {
      if (closed) {
        throw new CudaFailure(CuResult.INVALID_HANDLE, "work for a stream that was destroyed");
      }
      queue.add(new Item(work, before, after));
      tail = after;
      notifyAll();
    }
    return after;
  }

  synchronized Completion tail() {
    return tail;
  }

  private void loop() {
    while (true) {
      Item item;
      synchronized (this) {
        while (queue.isEmpty()) {
          if (closed) {
            return;
          }
          try {
            wait();
          } catch (InterruptedException e) {
            return;
          }
        }
        item = queue.removeFirst();
      }
      try {
        item.before.forEach(Completion::await);
        if (context.device.sticky() == CuResult.SUCCESS) {
          item.work.run();
        }
      } catch (KernelFault e) {
        context.device.fail(CuResult.of(e.kind()));
        context.session.failed(context.device.ordinal, e.kind(), e.getMessage());
      } catch (CudaFailure e) {
        context.device.fail(e.result());
        context.session.failed(context.device.ordinal, KernelFault.Kind.INTERNAL, String.valueOf(e.getMessage()));
      } catch (Throwable e) {
        context.device.fail(CuResult.UNKNOWN);
        context.session.failed(context.device.ordinal, KernelFault.Kind.INTERNAL, "the emulator failed: " + e + " at " + List.of(e.getStackTrace()));
      } finally {
        item.after.complete();
      }
    }
  }

  /** Lets the thread end once its work is done. */
  void close() {
    context.remove(this);
    synchronized (this) {
      closed = true;
      notifyAll();
    }
  }

  void join() {
    try {
      thread.join(10_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
