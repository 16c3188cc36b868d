package dev.jebena.engine.parallel;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/**
 * The connection to one other node, and how far the current collective has come on it: this node sends two stretches of values and
 * receives two, each after a header. The second stretch may become sendable bit by bit.
 */
final class MeshPeer implements AutoCloseable {

  private static final int BUFFER_BYTES = 1 << 17;
  private static final int HEADER_BYTES = Long.BYTES + 2 * Integer.BYTES;

  /** Values in memory. */
  private static final class Stretch {
    private float[] values = new float[0];
    private int at;
    private int count;
    private int done;

    void set(float[] array, int first, int length) {
      values = array;
      at = first;
      count = length;
      done = 0;
    }
  }

  private final int node;
  private final SocketChannel channel;
  private final SelectionKey key;
  private final ByteBuffer out = ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
  private final ByteBuffer in = ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
  private final Stretch[] sends = {new Stretch(), new Stretch()};
  private final Stretch[] receives = {new Stretch(), new Stretch()};
  private float[] theirs = new float[0];
  private long sequence;
  private int total;
  private boolean headerRead;
  private long sentBytes;

  /** Takes over a connection whose handshake is done. */
  MeshPeer(int node, SocketChannel channel, Selector selector) throws IOException {
    this.node = node;
    this.channel = channel;
    channel.configureBlocking(false);
    this.key = channel.register(selector, SelectionKey.OP_READ);
    out.flip();
    in.flip();
  }

  int node() {
    return node;
  }

  /** Bytes sent until now. */
  long sentBytes() {
    return sentBytes;
  }

  /** Room for what this peer sends of the part that this node adds up. */
  float[] theirs(int count) {
    if (theirs.length < count) {
      theirs = new float[count];
    }
    return theirs;
  }

  /**
   * Begins a collective.
   *
   * @param number the same on both sides
   * @param values how many it is about, the same on both sides
   */
  void begin(long number, int values) {
    sequence = number;
    total = values;
    headerRead = false;
    for (int i = 0; i < 2; i++) {
      sends[i].set(theirs, 0, 0);
      receives[i].set(theirs, 0, 0);
    }
    out.compact();
    out.putLong(number).putInt(values).putInt(node);
    out.flip();
  }

  void send(int stretch, float[] values, int from, int count) {
    sends[stretch].set(values, from, count);
  }

  void receive(int stretch, float[] values, int from, int count) {
    receives[stretch].set(values, from, count);
  }

  /** How many values of a stretch have come. */
  int received(int stretch) {
    return receives[stretch].done;
  }

  boolean isDone() {
    return headerRead && !out.hasRemaining() && sends[0].done == sends[0].count && sends[1].done == sends[1].count
        && receives[0].done == receives[0].count && receives[1].done == receives[1].count;
  }

  /**
   * Sends and receives what can be without waiting.
   *
   * @param sendable values of the second stretch that may be sent by now
   * @return whether anything moved
   */
  boolean progress(int sendable) throws IOException {
    boolean moved = fill(sends[0], sends[0].count);
    if (sends[0].done == sends[0].count) {
      moved |= fill(sends[1], sendable);
    }
    if (out.hasRemaining()) {
      int written = channel.write(out);
      sentBytes += written;
      moved |= written > 0;
    }
    if (!isReceived()) {
      in.compact();
      int read;
      try {
        read = channel.read(in);
      } finally {
        in.flip();
      }
      if (read < 0) {
        throw new IOException("it closed the connection");
      }
      moved |= read > 0;
      moved |= drain();
    }
    return moved;
  }

  private boolean isReceived() {
    return headerRead && receives[0].done == receives[0].count && receives[1].done == receives[1].count;
  }

  private boolean fill(Stretch stretch, int limit) {
    int count = limit - stretch.done;
    if (count <= 0 || out.capacity() - out.remaining() < Float.BYTES) {
      return false;
    }
    out.compact();
    count = Math.min(count, out.remaining() / Float.BYTES);
    out.asFloatBuffer().put(stretch.values, stretch.at + stretch.done, count);
    out.position(out.position() + count * Float.BYTES);
    stretch.done += count;
    out.flip();
    return count > 0;
  }

  private boolean drain() throws IOException {
    boolean moved = false;
    if (!headerRead && in.remaining() >= HEADER_BYTES) {
      long number = in.getLong();
      int values = in.getInt();
      in.getInt();
      if (number != sequence || values != total) {
        throw new IOException("it is at collective " + number + " of " + values + " values, this node at " + sequence + " of " + total);
      }
      headerRead = true;
      moved = true;
    }
    for (int i = 0; headerRead && i < 2; i++) {
      Stretch stretch = receives[i];
      int count = Math.min(stretch.count - stretch.done, in.remaining() / Float.BYTES);
      if (count > 0) {
        in.asFloatBuffer().get(stretch.values, stretch.at + stretch.done, count);
        in.position(in.position() + count * Float.BYTES);
        stretch.done += count;
        moved = true;
      }
      if (stretch.done < stretch.count) {
        break;
      }
    }
    return moved;
  }

  /** Says what a wait should end on. */
  void await() {
    key.interestOps((isReceived() ? 0 : SelectionKey.OP_READ) | (out.hasRemaining() ? SelectionKey.OP_WRITE : 0));
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // it is gone either way
    }
  }
}
