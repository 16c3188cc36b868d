/** Text to token ids and back, and chat templates. */
module dev.jebena.tokenizer {
  requires static transitive org.jspecify;
  requires com.fasterxml.jackson.core;

  exports dev.jebena.tokenizer;
  exports dev.jebena.tokenizer.template;
}
