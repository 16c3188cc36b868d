/** The HTTP server over an engine. */
module dev.jebena.server {
  requires static transitive org.jspecify;
  requires transitive dev.jebena.engine;
  requires transitive dev.jebena.tokenizer;
  requires com.fasterxml.jackson.core;
  requires com.fasterxml.jackson.databind;
  requires io.netty.buffer;
  requires io.netty.codec;
  requires io.netty.codec.http;
  requires io.netty.common;
  requires io.netty.transport;
  requires micrometer.core;
  requires micrometer.registry.prometheus;
  requires org.slf4j;

  exports dev.jebena.server;
}
