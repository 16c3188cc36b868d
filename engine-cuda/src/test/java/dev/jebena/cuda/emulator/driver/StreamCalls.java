package dev.jebena.cuda.emulator.driver;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** Streams, events and capture. Methods have the names and arguments of the driver's functions. */
final class StreamCalls {

  private static final int NON_BLOCKING = 1;

  private final Session session;

  StreamCalls(Session session) {
    this.session = session;
  }

  void cuStreamCreate(MemorySegment out, int flags) {
    Context context = session.context();
    Stream stream = new Stream(context, (flags & NON_BLOCKING) != 0 ? Stream.Order.NON_BLOCKING : Stream.Order.BLOCKING);
    Out.address(out, session.handle(stream));
  }

  void cuStreamCreateWithPriority(MemorySegment out, int flags, int priority) {
    cuStreamCreate(out, flags);
  }

  void cuStreamDestroy_v2(long handle) {
    session.remove(handle, Stream.class).close();
  }

  void cuStreamSynchronize(long handle) {
    session.context();
    Stream stream = session.stream(handle);
    session.notWhileCapturing("cuStreamSynchronize", stream);
    stream.tail().await();
    stream.context.device.checkHealthy();
  }

  void cuStreamQuery(long handle) {
    session.context();
    Stream stream = session.stream(handle);
    session.notWhileCapturing("cuStreamQuery", stream);
    if (!stream.tail().isDone()) {
      throw new CudaFailure(CuResult.NOT_READY);
    }
  }

  void cuStreamGetFlags(long handle, MemorySegment flags) {
    Out.integer(flags, session.stream(handle).order == Stream.Order.NON_BLOCKING ? NON_BLOCKING : 0);
  }

  void cuStreamGetPriority(long handle, MemorySegment priority) {
    Out.integer(priority, 0);
  }

  void cuStreamGetCtx(long handle, MemorySegment context) {
    Out.address(context, session.handleOf(session.stream(handle).context));
  }

  void cuStreamWaitEvent(long streamHandle, long eventHandle, int flags) {
    session.context();
    Stream stream = session.stream(streamHandle);
    Event event = session.object(eventHandle, Event.class);
    Capture capture = event.capture;
    if (capture != null) {
      stream.capture = capture; // the stream joins the capture in which the event was recorded
      return;
    }
    if (stream.capture != null) {
      stream.capture.invalidated = true;
      throw new CudaFailure(CuResult.STREAM_CAPTURE_INVALIDATED, "a captured stream waits for an event from outside of the capture");
    }
    Completion point = event.recorded;
    stream.enqueue(point::await);
  }

  // ---- host functions

  private static MethodHandle callback(long function, int arguments) {
    FunctionDescriptor descriptor = arguments == 1
        ? FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG)
        : FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG);
    return Linker.nativeLinker().downcallHandle(MemorySegment.ofAddress(function), descriptor);
  }

  void cuLaunchHostFunc(long streamHandle, long function, long userData) {
    session.context();
    MethodHandle callback = callback(function, 1);
    session.stream(streamHandle).submit(GraphNode.Other.host(() -> {
      try {
        callback.invokeExact(userData);
      } catch (Throwable e) {
        throw new IllegalStateException("a host function failed", e);
      }
    }));
  }

  void cuStreamAddCallback(long streamHandle, long function, long userData, int flags) {
    session.context();
    MethodHandle callback = callback(function, 3);
    session.stream(streamHandle).submit(GraphNode.Other.host(() -> {
      try {
        callback.invokeExact(streamHandle, 0, userData);
      } catch (Throwable e) {
        throw new IllegalStateException("a callback failed", e);
      }
    }));
  }

  // ---- events

  void cuEventCreate(MemorySegment out, int flags) {
    session.context();
    Out.address(out, session.handle(new Event()));
  }

  void cuEventDestroy_v2(long handle) {
    session.remove(handle, Event.class);
  }

  void cuEventRecord(long eventHandle, long streamHandle) {
    session.context();
    Event event = session.object(eventHandle, Event.class);
    Stream stream = session.stream(streamHandle);
    if (stream.capture != null) {
      event.capture = stream.capture;
      stream.submit(GraphNode.Other.event(() -> {}));
      return;
    }
    event.capture = null;
    event.everRecorded = true;
    event.recorded = stream.enqueue(() -> {});
  }

  void cuEventRecordWithFlags(long event, long stream, int flags) {
    cuEventRecord(event, stream);
  }

  private Event waitable(long handle, String call) {
    session.context();
    Event event = session.object(handle, Event.class);
    Capture capture = event.capture;
    if (capture != null) {
      capture.invalidated = true;
      throw new CudaFailure(CuResult.STREAM_CAPTURE_UNSUPPORTED, call + " of an event that was recorded in a capture");
    }
    return event;
  }

  void cuEventSynchronize(long handle) {
    waitable(handle, "cuEventSynchronize").recorded.await();
    session.context();
  }

  void cuEventQuery(long handle) {
    if (!waitable(handle, "cuEventQuery").recorded.isDone()) {
      throw new CudaFailure(CuResult.NOT_READY);
    }
    session.context();
  }

  void cuEventElapsedTime(MemorySegment milliseconds, long start, long end) {
    Event from = waitable(start, "cuEventElapsedTime");
    Event to = waitable(end, "cuEventElapsedTime");
    if (!from.everRecorded || !to.everRecorded) {
      throw new CudaFailure(CuResult.INVALID_HANDLE, "cuEventElapsedTime of an event that was never recorded");
    }
    if (!from.recorded.isDone() || !to.recorded.isDone()) {
      throw new CudaFailure(CuResult.NOT_READY);
    }
    Out.bytes(milliseconds, 4).set(ValueLayout.JAVA_FLOAT_UNALIGNED, 0, (to.recorded.nanos() - from.recorded.nanos()) / 1e6f);
  }

  // ---- capture

  void cuStreamBeginCapture_v2(long handle, int mode) {
    session.context();
    Stream stream = session.stream(handle);
    if (handle >= 0 && handle <= 2) {
      throw new CudaFailure(CuResult.STREAM_CAPTURE_UNSUPPORTED, "stream 0 cannot be captured");
    }
    if (stream.capture != null) {
      throw new CudaFailure(CuResult.INVALID_VALUE, "the stream is being captured already");
    }
    stream.capture = new Capture(stream);
  }

  void cuStreamIsCapturing(long handle, MemorySegment status) {
    Capture capture = session.stream(handle).capture;
    Out.integer(status, capture == null ? 0 : capture.invalidated ? 2 : 1);
  }

  void cuThreadExchangeStreamCaptureMode(MemorySegment mode) {}

  void cuStreamEndCapture(long handle, MemorySegment out) {
    Stream stream = session.stream(handle);
    Capture capture = stream.capture;
    if (capture == null || capture.origin != stream) {
      throw new CudaFailure(CuResult.STREAM_CAPTURE_UNMATCHED, "the stream is not where a capture began");
    }
    for (Device device : session.devices) {
      for (Context context : java.util.List.copyOf(device.contexts)) {
        context.streams().stream().filter(other -> other.capture == capture).forEach(other -> other.capture = null);
      }
    }
    stream.capture = null;
    if (capture.invalidated) {
      Out.address(out, 0);
      throw new CudaFailure(CuResult.STREAM_CAPTURE_INVALIDATED, "the capture was ended by a call that has no place in one");
    }
    Out.address(out, session.handle(capture.graph));
  }
}
