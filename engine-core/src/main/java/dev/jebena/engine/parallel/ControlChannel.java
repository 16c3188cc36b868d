package dev.jebena.engine.parallel;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Orders and signs of life between node 0 and another node: frames of a type, a length and a body. */
final class ControlChannel implements AutoCloseable {

  private static final int MOST_BYTES = 1 << 28;
  private static final int BUFFER_BYTES = 1 << 16;

  /** What a frame is about. */
  enum Type {
    /** A sign of life. */
    PING(0),
    /** To others: where every node takes data connections. */
    ROSTER(1),
    /** To others: load the weights. */
    LOAD(2),
    /** To node 0: they are loaded. */
    LOADED(3),
    /** To others: compile, for these limits. */
    COMPILE(4),
    /** To others: allocate a cache of so many blocks. */
    CACHE(5),
    /** To others: run this plan. */
    STEP(6),
    /** The sender, or a node it speaks of, has failed; the body says which and why. */
    FAILED(7),
    /** To others: nothing more comes. */
    CLOSE(8);

    /** What stands for it on the wire. */
    private final int code;

    Type(int code) {
      this.code = code;
    }

    int code() {
      return code;
    }

    /** The type of a code; null if there is none. */
    static @Nullable Type of(int code) {
      for (Type type : values()) {
        if (type.code == code) {
          return type;
        }
      }
      return null;
    }
  }

  /** One message. */
  record Frame(Type type, byte[] body) {

    DataInputStream in() {
      return new DataInputStream(new ByteArrayInputStream(body));
    }

    String text() {
      return new String(body, StandardCharsets.UTF_8);
    }
  }

  /** Hears what comes; called on the channel's own thread. */
  interface Listener {

    void received(ControlChannel from, Frame frame);

    /** Nothing more comes; not called after {@link #close()}. */
    void lost(ControlChannel from, String why);
  }

  private final int node;
  private final SocketChannel channel;
  private final DataInputStream in;
  private final DataOutputStream out;
  private final ReentrantLock sending = new ReentrantLock();
  private final ByteArrayOutputStream body = new ByteArrayOutputStream(BUFFER_BYTES);
  private volatile long heard;
  private volatile boolean closed;
  private @Nullable Thread reader;

  /** A channel to {@code node} over a connection whose handshake is done. */
  ControlChannel(int node, SocketChannel channel) throws IOException {
    this.node = node;
    this.channel = channel;
    channel.socket().setSoTimeout(0);
    this.in = new DataInputStream(new BufferedInputStream(channel.socket().getInputStream(), BUFFER_BYTES));
    this.out = new DataOutputStream(channel.socket().getOutputStream());
  }

  /** The node at the other end. */
  int node() {
    return node;
  }

  /** How many frames have come. */
  long heard() {
    return heard;
  }

  /** Where the other end is. */
  String address() {
    return channel.socket().getInetAddress().getHostAddress();
  }

  void start(Listener listener) {
    reader = Thread.ofPlatform().daemon(true).name("jebena-rank-control-" + node).start(() -> read(listener));
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // written by this thread only
  private void read(Listener listener) {
    try {
      while (true) {
        int code = in.readUnsignedByte();
        int length = in.readInt();
        Type type = Type.of(code);
        if (type == null || length < 0 || length > MOST_BYTES) {
          throw new IOException("it sent a frame of type " + code + " and " + length + " bytes");
        }
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
          throw new EOFException();
        }
        heard++;
        if (type != Type.PING) {
          listener.received(this, new Frame(type, bytes));
        }
      }
    } catch (IOException e) {
      if (!closed) {
        listener.lost(this, e instanceof EOFException ? "its process ended or closed the connection" : "the connection broke: " + e.getMessage());
      }
    }
  }

  /** What a frame carries. */
  @FunctionalInterface
  interface Body {
    void write(DataOutputStream out) throws IOException;
  }

  /**
   * Sends a frame.
   *
   * @throws IOException if the connection is gone
   */
  void send(Type type, Body writer) throws IOException {
    sending.lock();
    try {
      body.reset();
      DataOutputStream data = new DataOutputStream(body);
      data.writeByte(type.code());
      data.writeInt(0);
      writer.write(data);
      byte[] frame = body.toByteArray();
      int length = frame.length - 1 - Integer.BYTES;
      for (int i = 0; i < Integer.BYTES; i++) {
        frame[1 + i] = (byte) (length >>> 24 - 8 * i);
      }
      out.write(frame);
      out.flush();
    } finally {
      sending.unlock();
    }
  }

  /** A sign of life: its type, and no body. */
  static byte[] pingFrame() {
    return new byte[1 + Integer.BYTES];
  }

  /** Sends a frame if nobody else is sending one; gives up quietly otherwise. */
  void offer(Type type, String text, long waitMillis) {
    try {
      if (sending.tryLock(waitMillis, TimeUnit.MILLISECONDS)) {
        try {
          send(type, data -> data.write(text.getBytes(StandardCharsets.UTF_8)));
        } finally {
          sending.unlock();
        }
      }
    } catch (IOException e) {
      // whoever reads this connection will see it
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    closed = true;
    try {
      channel.close();
    } catch (IOException e) {
      // it is gone either way
    }
  }

  /** Waits for the reading thread, unless it is the caller. */
  void join() {
    Thread thread = reader;
    if (thread != null && thread != Thread.currentThread()) {
      try {
        thread.join(TimeUnit.SECONDS.toMillis(2));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
