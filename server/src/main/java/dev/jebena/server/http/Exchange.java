package dev.jebena.server.http;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One request and its response. The response is either one {@link #respond} or one {@link #beginStream}, then {@link #write} as often as
 * needed, then {@link #endStream}. Several threads may write; each write is sent whole.
 *
 * <p>Nothing is buffered without limit: a write waits while the client does not read, and gives up after the write timeout.
 */
// failures of writes reach the connection, which then closes
@SuppressWarnings("FutureReturnValueIgnored")
public final class Exchange {

  /** How far the response is. */
  private enum Phase {
    UNANSWERED,
    STREAMING,
    ANSWERED
  }

  private final Request request;
  private final Channel channel;
  private final ConnectionHandler connection;
  private final Duration writeTimeout;
  private final boolean chunkable;
  private final Map<String, String> commonHeaders = new LinkedHashMap<>();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition writable = lock.newCondition();
  private final List<Runnable> disconnectActions = new ArrayList<>();
  private Phase phase = Phase.UNANSWERED;
  private volatile boolean keepAlive;
  private boolean disconnected;
  private int status;

  Exchange(Request request, Channel channel, ConnectionHandler connection, HttpVersion version, boolean keepAlive, Duration writeTimeout) {
    this.request = request;
    this.channel = channel;
    this.connection = connection;
    this.chunkable = version.compareTo(HttpVersion.HTTP_1_1) >= 0;
    this.keepAlive = keepAlive;
    this.writeTimeout = writeTimeout;
  }

  public Request request() {
    return request;
  }

  /** The status sent; 0 before. */
  public int status() {
    return status;
  }

  /** Whether nothing of a response was sent. */
  public boolean isUnanswered() {
    lock.lock();
    try {
      return phase == Phase.UNANSWERED;
    } finally {
      lock.unlock();
    }
  }

  /** Whether nobody is there to read a response. */
  public boolean isDisconnected() {
    lock.lock();
    try {
      return disconnected;
    } finally {
      lock.unlock();
    }
  }

  /** Adds a header to whatever response this exchange gets. */
  public void addHeader(String name, String value) {
    commonHeaders.put(name, value);
  }

  /** A header added so far; empty if there is none of this name. */
  public String addedHeader(String name) {
    return commonHeaders.getOrDefault(name, "");
  }

  /** The connection ends with this response. */
  public void closeAfterwards() {
    keepAlive = false;
  }

  /** Runs this on the event loop, where it must not block, when the client disconnects; at once if it has. */
  public void onDisconnect(Runnable action) {
    lock.lock();
    try {
      if (!disconnected) {
        disconnectActions.add(action);
        return;
      }
    } finally {
      lock.unlock();
    }
    action.run();
  }

  /** Sends a whole response. Does not wait. */
  public void respond(Response response) {
    begin(Phase.ANSWERED, response.status());
    DefaultFullHttpResponse message = new DefaultFullHttpResponse(
        HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(response.status()), Unpooled.wrappedBuffer(response.body()));
    setHeaders(message.headers(), response.headers());
    message.headers().set(HttpHeaderNames.CONTENT_LENGTH, response.body().length);
    finish(message);
  }

  /** Sends the head of a response whose body is written piece by piece. Does not wait. */
  public void beginStream(int responseStatus, Map<String, String> headers) {
    if (!chunkable) {
      closeAfterwards();
    }
    begin(Phase.STREAMING, responseStatus);
    DefaultHttpResponse head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(responseStatus));
    setHeaders(head.headers(), headers);
    if (chunkable) {
      head.headers().set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
    }
    channel.writeAndFlush(head, channel.voidPromise());
  }

  /**
   * Sends a piece of the body, after waiting until the client has read enough of what came before.
   *
   * @throws ClientGoneException if the client has disconnected or has not read for the write timeout
   */
  public void write(byte[] piece) {
    lock.lock();
    try {
      awaitWritable();
      if (phase != Phase.STREAMING) {
        throw new IllegalStateException("the response is " + phase);
      }
      channel.writeAndFlush(new DefaultHttpContent(Unpooled.wrappedBuffer(piece)), channel.voidPromise());
    } finally {
      lock.unlock();
    }
  }

  /** Ends the body. Does not wait. */
  public void endStream() {
    lock.lock();
    try {
      if (phase != Phase.STREAMING) {
        return;
      }
      phase = Phase.ANSWERED;
    } finally {
      lock.unlock();
    }
    finish(LastHttpContent.EMPTY_LAST_CONTENT);
  }

  /** Cuts the connection: what is left when a response that has begun cannot be completed. */
  public void abort() {
    channel.close();
  }

  private void awaitWritable() {
    long remaining = writeTimeout.toNanos();
    while (!disconnected && !channel.isWritable()) {
      if (remaining <= 0) {
        channel.close();
        throw new ClientGoneException("the client has not read for " + writeTimeout);
      }
      try {
        remaining = writable.awaitNanos(remaining);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        channel.close();
        throw new ClientGoneException("interrupted while the client was not reading");
      }
    }
    if (disconnected) {
      throw new ClientGoneException("the client has disconnected");
    }
  }

  private void begin(Phase next, int responseStatus) {
    lock.lock();
    try {
      if (phase != Phase.UNANSWERED) {
        throw new IllegalStateException("the response is " + phase);
      }
      phase = next;
      status = responseStatus;
    } finally {
      lock.unlock();
    }
  }

  private void setHeaders(HttpHeaders headers, Map<String, String> own) {
    commonHeaders.forEach(headers::set);
    own.forEach(headers::set);
    if (!keepAlive) {
      headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
    } else if (!chunkable) {
      headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.KEEP_ALIVE);
    }
  }

  private void finish(Object lastMessage) {
    boolean reusable = keepAlive;
    // a client that stops reading in the middle of the last message must not hold the connection for ever
    var timeout = channel.eventLoop().schedule(() -> channel.close(), writeTimeout.toMillis(), TimeUnit.MILLISECONDS);
    channel.writeAndFlush(lastMessage).addListener(written -> {
      timeout.cancel(false);
      connection.answered(this, reusable && written.isSuccess());
    });
  }

  /** On the event loop: the client may have read. */
  void writabilityChanged() {
    lock.lock();
    try {
      writable.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** On the event loop: the client has gone. */
  void disconnected() {
    List<Runnable> actions;
    lock.lock();
    try {
      disconnected = true;
      actions = List.copyOf(disconnectActions);
      disconnectActions.clear();
      writable.signalAll();
    } finally {
      lock.unlock();
    }
    actions.forEach(Runnable::run);
  }
}
