package dev.jebena.server.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection: collects requests, hands them on one at a time, and keeps to the limits. Everything here runs on the connection's
 * event loop.
 *
 * <p>Pipelined requests are held until the one before is answered. The socket is still read meanwhile, because that is how a client that
 * goes away is noticed; only when {@link #HELD_BYTES} are held does reading pause.
 *
 * <p>Requests to upgrade to HTTP/2 are answered over HTTP/1.1, as RFC 9110, section 7.8, allows.
 */
// failures of writes and timers reach exceptionCaught
@SuppressWarnings("FutureReturnValueIgnored")
final class ConnectionHandler extends ChannelInboundHandlerAdapter {

  /** Pipelined bytes after which reading pauses. */
  private static final int HELD_BYTES = 64 * 1024;

  /** How long to go on reading what a client sends although its request was refused, so that it can read the refusal. */
  private static final Duration LINGER = Duration.ofSeconds(2);

  private static final Logger LOG = LoggerFactory.getLogger(ConnectionHandler.class);

  private final HttpServer server;
  private final HttpSettings settings;
  private final ArrayDeque<HttpObject> held = new ArrayDeque<>();
  private long heldBytes;
  private @Nullable HttpRequest head;
  private final ByteArrayOutputStream body = new ByteArrayOutputStream(0);
  private long reservedBytes;
  private @Nullable Exchange exchange;
  private @Nullable ScheduledFuture<?> deadline;
  private @Nullable ChannelHandlerContext context;
  private boolean ending;

  ConnectionHandler(HttpServer server) {
    this.server = server;
    this.settings = server.settings();
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    context = ctx;
    closeAfter(ctx, settings.requestTimeout());
    ctx.fireChannelActive();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (ending || !(message instanceof HttpObject part)) {
      ReferenceCountUtil.release(message);
    } else if (exchange != null || !held.isEmpty()) {
      held.add(part);
      heldBytes += size(part);
      if (heldBytes > HELD_BYTES) {
        ctx.channel().config().setAutoRead(false);
      }
    } else {
      accept(ctx, part);
    }
  }

  private static int size(HttpObject part) {
    // a head counts what its objects roughly occupy
    return (part instanceof HttpContent content ? content.content().readableBytes() : 0) + (part instanceof HttpRequest ? 512 : 32);
  }

  private void accept(ChannelHandlerContext ctx, HttpObject part) {
    try {
      DecoderResult result = part.decoderResult();
      if (result.isFailure()) {
        refuseMalformed(ctx, result.cause());
        return;
      }
      if (part instanceof HttpRequest request) {
        begin(ctx, request);
      }
      if (!ending && part instanceof HttpContent content) {
        append(ctx, content.content());
      }
      if (!ending && part instanceof LastHttpContent) {
        dispatch(ctx);
      }
    } finally {
      ReferenceCountUtil.release(part);
    }
  }

  private void refuseMalformed(ChannelHandlerContext ctx, Throwable cause) {
    switch (cause) {
      case TooLongHttpLineException _ -> refuse(ctx, 414, "the request line is too long: use at most 8192 bytes");
      case TooLongHttpHeaderException _ ->
          refuse(ctx, 431, "the headers are too long: use at most " + settings.maxHeaderBytes() + " bytes");
      case TooLongFrameException _ -> refuse(ctx, 413, "the request is too long");
      default -> refuse(ctx, 400, "the request is not HTTP/1.1: " + cause.getMessage());
    }
  }

  private void begin(ChannelHandlerContext ctx, HttpRequest request) {
    head = request;
    body.reset();
    if (request.protocolVersion().compareTo(HttpVersion.HTTP_1_1) >= 0 && !request.headers().contains(HttpHeaderNames.HOST)) {
      refuse(ctx, 400, "the request has no Host header");
      return;
    }
    String length = request.headers().get(HttpHeaderNames.CONTENT_LENGTH);
    if (length != null && (length.length() > 18 || Long.parseLong(length) > settings.maxBodyBytes())) {
      refuseBody(ctx);
      return;
    }
    closeAfter(ctx, settings.requestTimeout());
    if (HttpUtil.is100ContinueExpected(request)) {
      ctx.writeAndFlush(new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE));
    }
  }

  private void append(ChannelHandlerContext ctx, ByteBuf content) {
    int bytes = content.readableBytes();
    if (body.size() + (long) bytes > settings.maxBodyBytes()) {
      refuseBody(ctx);
    } else if (bytes > 0 && !server.reserve(bytes)) {
      refuse(ctx, 503, "the bodies of all requests together exceed " + settings.maxBufferedBytes() + " bytes: try again later");
    } else if (bytes > 0) {
      reservedBytes += bytes;
      try {
        content.readBytes(body, bytes);
      } catch (IOException e) {
        throw new AssertionError("memory does not fail to be written", e);
      }
    }
  }

  private void refuseBody(ChannelHandlerContext ctx) {
    refuse(ctx, 413, "the body is longer than " + settings.maxBodyBytes() + " bytes: send less, or raise the server's limit");
  }

  private void dispatch(ChannelHandlerContext ctx) {
    HttpRequest complete = head;
    if (complete == null) {
      return;
    }
    cancelDeadline();
    head = null;
    QueryStringDecoder target;
    String path;
    try {
      target = new QueryStringDecoder(complete.uri());
      path = target.path();
    } catch (IllegalArgumentException e) {
      refuse(ctx, 400, "the request's target is malformed: " + e.getMessage());
      return;
    }
    Request request = new Request(complete.method().name(), path, target.rawQuery(), complete.headers(), body.toByteArray());
    Exchange next = new Exchange(
        request, ctx.channel(), this, complete.protocolVersion(), HttpUtil.isKeepAlive(complete), settings.writeTimeout());
    exchange = next;
    server.dispatch(next);
  }

  /** On any thread: the last byte of a response was written, or will never be. */
  void answered(Exchange ended, boolean reusable) {
    ChannelHandlerContext ctx = context;
    if (ctx == null) {
      return;
    }
    if (!ctx.executor().inEventLoop()) {
      ctx.executor().execute(() -> answered(ended, reusable));
      return;
    }
    if (exchange != ended) {
      return;
    }
    exchange = null;
    server.ended();
    releaseBody();
    if (!reusable) {
      ending = true;
      releaseHeld();
      ctx.close();
      return;
    }
    closeAfter(ctx, settings.idleTimeout());
    while (exchange == null && !ending && !held.isEmpty()) {
      HttpObject part = held.remove();
      heldBytes -= size(part);
      accept(ctx, part);
    }
    if (heldBytes <= HELD_BYTES) {
      ctx.channel().config().setAutoRead(true);
    }
  }

  /** Answers and ends the connection; the client may still be sending, and is listened to for a moment so that it can read the answer. */
  private void refuse(ChannelHandlerContext ctx, int status, String message) {
    ending = true;
    head = null;
    releaseBody();
    releaseHeld();
    Response refusal = server.handler().refusal(status, message);
    DefaultFullHttpResponse response = new DefaultFullHttpResponse(
        HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status), ctx.alloc().buffer().writeBytes(refusal.body()));
    for (Map.Entry<String, String> header : refusal.headers().entrySet()) {
      response.headers().set(header.getKey(), header.getValue());
    }
    response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
    response.headers().set(HttpHeaderNames.CONTENT_LENGTH, refusal.body().length);
    closeAfter(ctx, LINGER);
    ctx.channel().config().setAutoRead(true);
    ctx.writeAndFlush(response).addListener((ChannelFutureListener) written -> {
      if (written.isSuccess() && written.channel() instanceof SocketChannel socket) {
        socket.shutdownOutput();
      } else {
        written.channel().close();
      }
    });
  }

  private void closeAfter(ChannelHandlerContext ctx, Duration limit) {
    cancelDeadline();
    deadline = ctx.executor().schedule(() -> timedOut(ctx), limit.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void timedOut(ChannelHandlerContext ctx) {
    if (head != null && !ending) {
      refuse(ctx, 408, "the request was not complete after " + settings.requestTimeout().toMillis() + " ms");
    } else {
      ctx.close();
    }
  }

  private void cancelDeadline() {
    if (deadline != null) {
      deadline.cancel(false);
      deadline = null;
    }
  }

  private void releaseBody() {
    server.release(reservedBytes);
    reservedBytes = 0;
    body.reset();
  }

  private void releaseHeld() {
    held.forEach(ReferenceCountUtil::release);
    held.clear();
    heldBytes = 0;
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (exchange != null) {
      exchange.writabilityChanged();
    }
    ctx.fireChannelWritabilityChanged();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    ending = true;
    cancelDeadline();
    releaseHeld();
    releaseBody();
    if (exchange != null) {
      exchange.disconnected();
      exchange = null;
      server.ended();
    }
    ctx.fireChannelInactive();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (cause instanceof IOException) {
      LOG.debug("connection {} failed: {}", ctx.channel().remoteAddress(), cause.getMessage());
    } else {
      LOG.warn("connection {} failed", ctx.channel().remoteAddress(), cause);
    }
    ctx.close();
  }
}
