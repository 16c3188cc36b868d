package dev.jebena.models.architecture;

import java.util.List;
import java.util.Optional;

/** The architectures that are known. */
public final class Architectures {

  private static final List<Architecture> KNOWN = List.of(new Llama());

  private Architectures() {}

  /** The architecture of a name. */
  public static Optional<Architecture> named(String name) {
    return KNOWN.stream().filter(architecture -> architecture.name().equals(name)).findFirst();
  }

  /** The names of all, in order. */
  public static List<String> names() {
    return KNOWN.stream().map(Architecture::name).sorted().toList();
  }
}
