/** Model files and architectures. */
module dev.jebena.models {
  requires static transitive org.jspecify;
  requires transitive dev.jebena.engine;
  requires transitive dev.jebena.tokenizer;

  exports dev.jebena.models;
  exports dev.jebena.models.architecture;
  exports dev.jebena.models.checkpoint;
  exports dev.jebena.models.file;
  exports dev.jebena.models.gguf;
}
