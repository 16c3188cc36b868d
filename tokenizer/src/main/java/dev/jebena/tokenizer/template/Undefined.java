package dev.jebena.tokenizer.template;

/** What a name, attribute or item that does not exist evaluates to: nothing when printed or iterated, an error when used otherwise. */
record Undefined(String what) {

  TemplateException error() {
    return new TemplateException(what + " is undefined");
  }
}
