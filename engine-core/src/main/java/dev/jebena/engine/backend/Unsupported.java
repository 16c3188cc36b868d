package dev.jebena.engine.backend;

import dev.jebena.engine.program.Site;

/** An operation that a backend cannot run, and why. */
public record Unsupported(Site site, String reason) {}
