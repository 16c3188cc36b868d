package dev.jebena.server.http;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Listens on a port and runs a virtual thread for each request. */
@SuppressWarnings("FutureReturnValueIgnored")
public final class HttpServer implements AutoCloseable {

  /** Connections that the system holds until they are accepted. */
  private static final int BACKLOG = 1024;

  /** Requests decoded and not yet answered; what one read can bring must fit, reading pauses long before. */
  private static final int PIPELINE_DEPTH = 8192;

  /** Refused connections are logged no more often than this. */
  private static final long REFUSAL_LOG_NANOS = 1_000_000_000;

  private static final Logger LOG = LoggerFactory.getLogger(HttpServer.class);

  private final HttpSettings settings;
  private final HttpHandler handler;
  private final MultiThreadIoEventLoopGroup acceptors;
  private final MultiThreadIoEventLoopGroup workers;
  private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
  private final AtomicInteger connectionCount = new AtomicInteger();
  private final AtomicLong bufferedBytes = new AtomicLong();
  private final AtomicLong refusalLoggedNanos = new AtomicLong(System.nanoTime() - 2 * REFUSAL_LOG_NANOS);
  private final AtomicInteger requestsRunning = new AtomicInteger();
  private final Channel listener;

  /**
   * Opens the port.
   *
   * @param port 0 for one that the system chooses
   * @throws UncheckedIOException if the address cannot be listened on
   */
  public HttpServer(String host, int port, HttpSettings settings, HttpHandler handler) {
    this.settings = settings;
    this.handler = handler;
    this.acceptors = new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("http-accept", true), NioIoHandler.newFactory());
    this.workers = new MultiThreadIoEventLoopGroup(0, new DefaultThreadFactory("http-io", true), NioIoHandler.newFactory());
    try {
      this.listener = bind(new InetSocketAddress(host, port));
    } catch (IOException e) {
      stopThreads();
      throw new UncheckedIOException("cannot listen on " + host + ":" + port + " (" + e.getMessage() + "): choose another port", e);
    }
  }

  private Channel bind(InetSocketAddress address) throws IOException {
    var bound = new ServerBootstrap()
        .group(acceptors, workers)
        .channel(NioServerSocketChannel.class)
        .option(ChannelOption.SO_BACKLOG, BACKLOG)
        .option(ChannelOption.SO_REUSEADDR, true)
        .childOption(ChannelOption.TCP_NODELAY, true)
        .childOption(ChannelOption.SO_KEEPALIVE, true)
        .childHandler(new ChannelInitializer<SocketChannel>() {
          @Override
          protected void initChannel(SocketChannel channel) {
            connect(channel);
          }
        })
        .bind(address)
        .awaitUninterruptibly();
    if (bound.isSuccess()) {
      return bound.channel();
    }
    throw new IOException(bound.cause().getMessage(), bound.cause());
  }

  private void connect(SocketChannel channel) {
    if (connectionCount.incrementAndGet() > settings.maxConnections()) {
      connectionCount.decrementAndGet();
      long now = System.nanoTime();
      long last = refusalLoggedNanos.get();
      if (now - last > REFUSAL_LOG_NANOS && refusalLoggedNanos.compareAndSet(last, now)) {
        LOG.warn("refusing connections: {} are open, which is the limit", settings.maxConnections());
      }
      channel.close();
      return;
    }
    connections.add(channel);
    channel.closeFuture().addListener(_ -> connectionCount.decrementAndGet());
    HttpDecoderConfig decoding = new HttpDecoderConfig().setMaxInitialLineLength(8192).setMaxHeaderSize(settings.maxHeaderBytes());
    channel.pipeline().addLast(new HttpServerCodec(decoding, PIPELINE_DEPTH), new ConnectionHandler(this));
  }

  /** The port listened on. */
  public int port() {
    return ((InetSocketAddress) listener.localAddress()).getPort();
  }

  /** Connections open. */
  public int connections() {
    return connectionCount.get();
  }

  /** Requests whose response has not been sent to its end. */
  public int requestsRunning() {
    return requestsRunning.get();
  }

  HttpSettings settings() {
    return settings;
  }

  HttpHandler handler() {
    return handler;
  }

  boolean reserve(long bytes) {
    if (bufferedBytes.addAndGet(bytes) <= settings.maxBufferedBytes()) {
      return true;
    }
    bufferedBytes.addAndGet(-bytes);
    return false;
  }

  void release(long bytes) {
    bufferedBytes.addAndGet(-bytes);
  }

  void dispatch(Exchange exchange) {
    requestsRunning.incrementAndGet();
    Thread.ofVirtual().name("http-request").start(() -> handle(exchange));
  }

  /** A response was sent to its end, or its client is gone. */
  void ended() {
    requestsRunning.decrementAndGet();
  }

  private void handle(Exchange exchange) {
    try {
      handler.handle(exchange);
      if (exchange.isUnanswered() && !exchange.isDisconnected()) {
        LOG.error("nobody answered {} {}", exchange.request().method(), exchange.request().path());
        exchange.respond(handler.refusal(500, "the server gave no answer"));
      }
    } catch (ClientGoneException e) {
      LOG.debug("{} {}: {}", exchange.request().method(), exchange.request().path(), e.getMessage());
      exchange.abort();
    } catch (RejectedExecutionException e) {
      LOG.debug("{} {} has no answer: the server was closed", exchange.request().method(), exchange.request().path());
    } catch (RuntimeException | Error e) {
      LOG.error("{} {} failed", exchange.request().method(), exchange.request().path(), e);
      if (exchange.isUnanswered()) {
        exchange.respond(handler.refusal(500, "the server failed to answer; its log says why"));
      } else {
        exchange.abort();
      }
    }
  }

  /** Closes the port and every connection, and waits for the threads to end. */
  @Override
  public void close() {
    listener.close().awaitUninterruptibly();
    connections.close().awaitUninterruptibly();
    stopThreads();
  }

  private void stopThreads() {
    var stopped = workers.shutdownGracefully(0, 5, TimeUnit.SECONDS);
    acceptors.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
    stopped.awaitUninterruptibly();
  }
}
