package dev.jebena.server.metrics;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.config.NamingConvention;
import io.micrometer.prometheusmetrics.PrometheusNamingConvention;
import org.jspecify.annotations.Nullable;

/** Leaves names with a colon as they are: they were written for Prometheus. */
final class VllmNaming implements NamingConvention {

  private final NamingConvention others = new PrometheusNamingConvention();

  @Override
  public String name(String name, Meter.Type type, @Nullable String baseUnit) {
    return name.indexOf(':') >= 0 ? name : others.name(name, type, baseUnit);
  }

  @Override
  public String tagKey(String key) {
    return others.tagKey(key);
  }

  @Override
  public String tagValue(String value) {
    return others.tagValue(value);
  }
}
