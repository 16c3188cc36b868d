package dev.jebena.cuda.emulator.driver;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A context: its streams and the devices that it may reach. Stream 0 is in order with all streams that are not created as non-blocking. */
final class Context {

  final Session session;
  final Device device;
  final Stream defaultStream;
  final Set<Integer> peers = ConcurrentHashMap.newKeySet();
  private final List<Stream> streams = new ArrayList<>();

  Context(Session session, Device device) {
    this.session = session;
    this.device = device;
    this.defaultStream = new Stream(this, Stream.Order.BLOCKING);
  }

  synchronized void add(Stream stream) {
    streams.add(stream);
  }

  synchronized void remove(Stream stream) {
    streams.remove(stream);
  }

  synchronized List<Stream> streams() {
    return List.copyOf(streams);
  }

  /** What a piece of work for {@code stream} has to wait for, in other streams. */
  List<Completion> before(Stream stream) {
    List<Completion> before = new ArrayList<>();
    if (stream == defaultStream) {
      for (Stream other : streams()) {
        if (other != stream && other.order == Stream.Order.BLOCKING) {
          before.add(other.tail());
        }
      }
    } else if (stream.order == Stream.Order.BLOCKING) {
      before.add(defaultStream.tail());
    }
    before.removeIf(Completion::isDone);
    return before;
  }

  void synchronize() {
    streams().forEach(stream -> stream.tail().await());
    device.checkHealthy();
  }

  void close() {
    streams().forEach(Stream::close);
    defaultStream.close();
  }
}
