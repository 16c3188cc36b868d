package dev.jebena.engine.tck;

/**
 * The tests that every backend has to pass. A backend's test class extends this and names its {@link #provider()}; the tests that
 * a backend does not support by its own word are skipped, not passed.
 */
public abstract class BackendTck implements OperationTck, AttentionTck, SequenceTck, SamplingTck, ContractTck {}
