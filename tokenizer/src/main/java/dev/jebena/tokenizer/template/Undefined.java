package dev.jebena.tokenizer.template;

import org.jspecify.annotations.Nullable;

/**
 * What a name, attribute or item that does not exist evaluates to: nothing when printed or iterated, an error when used otherwise. All of
 * them are equal.
 */
final class Undefined {

  private final String message;

  /** One with a sentence of its own. */
  Undefined(String message) {
    this.message = message;
  }

  static Undefined name(String name) {
    return new Undefined(PythonText.repr(name) + " is undefined");
  }

  /** What an object has no attribute or item of. */
  static Undefined member(@Nullable Object object, @Nullable Object key) {
    String owner = object == null ? "None" : Values.longTypeName(object) + " object";
    return new Undefined(
        key instanceof String
            ? PythonText.repr(owner) + " has no attribute " + PythonText.repr(key)
            : owner + " has no element " + PythonText.repr(key));
  }

  /** What the sandbox does not show. */
  static Undefined unsafe(@Nullable Object object, String name) {
    return new Undefined(
        "access to attribute " + PythonText.repr(name) + " of " + PythonText.repr(Values.typeName(object)) + " object is unsafe");
  }

  Failure failure() {
    return new Failure(message);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Undefined;
  }

  @Override
  public int hashCode() {
    return Undefined.class.hashCode();
  }
}
