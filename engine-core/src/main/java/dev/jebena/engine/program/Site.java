package dev.jebena.engine.program;

import java.util.OptionalInt;

/**
 * Where in a model an operation stands; errors, profiles and adapters refer to it.
 *
 * @param layer the decoder layer, empty outside of the layers
 * @param name what it is there, for example {@code attention.qkv}
 */
public record Site(OptionalInt layer, String name) {

  public static Site of(int layer, String name) {
    return new Site(OptionalInt.of(layer), name);
  }

  public static Site of(String name) {
    return new Site(OptionalInt.empty(), name);
  }

  @Override
  public String toString() {
    return layer.isPresent() ? "layer " + layer.getAsInt() + " " + name : name;
  }
}
