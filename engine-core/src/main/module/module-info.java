/** The engine: API, program IR, scheduler, paged KV cache, sampling, the Backend SPI and the scalar reference backend. */
module dev.jebena.engine {
  requires static transitive org.jspecify;
  requires transitive dev.jebena.tokenizer;
  requires jdk.management;

  exports dev.jebena.engine;
  exports dev.jebena.engine.backend;
  exports dev.jebena.engine.model;
  exports dev.jebena.engine.parallel;
  exports dev.jebena.engine.program;
  exports dev.jebena.engine.sampling;
  exports dev.jebena.engine.shard;
  exports dev.jebena.engine.weight;

  uses dev.jebena.engine.backend.BackendProvider;

  provides dev.jebena.engine.backend.BackendProvider with
      dev.jebena.engine.reference.ReferenceBackendProvider;
}
