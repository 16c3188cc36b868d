package dev.jebena.engine.tck;

import dev.jebena.engine.backend.BackendProvider;
import java.util.ServiceLoader;

/** Finds the backends that are installed. */
public final class Providers {

  private Providers() {}

  /** The scalar reference backend of engine-core. */
  public static BackendProvider reference() {
    return named("reference");
  }

  /**
   * The backend of a name.
   *
   * @throws IllegalArgumentException if none is installed
   */
  public static BackendProvider named(String name) {
    for (BackendProvider provider : ServiceLoader.load(BackendProvider.class)) {
      if (provider.name().equals(name)) {
        return provider;
      }
    }
    throw new IllegalArgumentException("no backend is named " + name + ": put its module on the class path");
  }
}
