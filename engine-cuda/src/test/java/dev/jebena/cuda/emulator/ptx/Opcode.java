package dev.jebena.cuda.emulator.ptx;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** An opcode in its parts: {@code ld.global.nc.v4.f32} is base {@code ld} with four modifiers. */
record Opcode(String base, List<String> modifiers) {

  private static final Set<String> IGNORED = Set.of("nc", "ca", "cg", "cs", "cv", "lu", "wb", "wt", "weak", "relaxed", "acquire", "release", "acq_rel", "sc",
      "cta", "gpu", "sys", "cluster", "volatile", "noftz");

  static Opcode of(String text) {
    String[] parts = text.split("\\.");
    return new Opcode(parts[0], List.of(parts).subList(1, parts.length));
  }

  boolean has(String modifier) {
    return modifiers.contains(modifier);
  }

  String type() {
    return modifiers.isEmpty() ? "" : modifiers.getLast();
  }

  /** Base and modifiers without those given. */
  String without(String... removed) {
    List<String> kept = new ArrayList<>(modifiers);
    kept.removeAll(List.of(removed));
    return kept.isEmpty() ? base : base + "." + String.join(".", kept);
  }

  /** The state space of a memory access, generic where none is named. */
  Space space() {
    for (String modifier : modifiers) {
      switch (modifier) {
        case "global":
          return Space.GLOBAL;
        case "const":
          return Space.CONST;
        case "shared", "shared::cta":
          return Space.SHARED;
        case "local":
          return Space.LOCAL;
        case "param", "param::entry", "param::func":
          return Space.PARAM;
        default:
      }
    }
    return Space.GENERIC;
  }

  /** Whether the access must not be moved across others. */
  boolean ordered() {
    return has("volatile") || has("acquire") || has("release") || has("acq_rel") || has("relaxed") || has("sc");
  }

  int vector() {
    return has("v2") ? 2 : has("v4") ? 4 : has("v8") ? 8 : 1;
  }

  /** The first modifier of a memory access that says something which is not understood here, or null. */
  @org.jspecify.annotations.Nullable String strange() {
    for (String modifier : modifiers.subList(0, Math.max(0, modifiers.size() - 1))) {
      if (!IGNORED.contains(modifier) && !modifier.startsWith("L1::") && !modifier.startsWith("L2::") && !modifier.startsWith("level::")
          && !modifier.matches("v[248]|global|const|shared|local|param|shared::cta|param::entry|param::func|unified|mmio")) {
        return modifier;
      }
    }
    return null;
  }
}
