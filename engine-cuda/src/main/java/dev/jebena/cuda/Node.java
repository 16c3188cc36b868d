package dev.jebena.cuda;

import dev.jebena.engine.program.Activation;
import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.RopeFrequencies;
import dev.jebena.engine.program.RowDomain;
import dev.jebena.engine.program.Value;
import dev.jebena.engine.weight.WeightSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** One or several operations of a Program that are launched as one. */
sealed interface Node {

  /** Values read. */
  List<Value> reads();

  /** Values written, those included that are written only where the fused kernel does not fit. */
  List<Value> writes();

  /** What the rows are. */
  default RowDomain domain() {
    return writes().isEmpty() ? reads().getFirst().domain() : writes().getFirst().domain();
  }

  /** An operation by itself. */
  record Single(Op op) implements Node {

    @Override
    public List<Value> reads() {
      return op.inputs();
    }

    @Override
    public List<Value> writes() {
      return op.outputs();
    }
  }

  /** A sum that is also normalised. */
  record AddNorm(Op.Combine add, Op.Norm norm) implements Node {

    @Override
    public List<Value> reads() {
      return add.inputs();
    }

    @Override
    public List<Value> writes() {
      return List.of(add.out(), norm.out());
    }
  }

  /**
   * One product of several over one input.
   *
   * @param out where the product goes, bias and residual included
   * @param residual is added
   */
  record Part(Value out, WeightSpec weight, Optional<WeightSpec> bias, Optional<Value> residual) {}

  /**
   * What products read.
   *
   * @param in as it is, or what is normalised first
   * @param norm is applied while the product reads
   * @param normalises whether this node, of those that share the norm, writes it out where it has to be written
   */
  record Input(Value in, Optional<Op.Norm> norm, Writes normalises) {

    /** Whether a node writes a shared value. */
    enum Writes {
      YES,
      NO
    }

    void addTo(List<Value> reads) {
      reads.add(norm.map(Op.Norm::in).orElse(in));
    }
  }

  /** Products over one input, with biases and residuals. */
  record Product(Input input, List<Part> parts) implements Node {

    @Override
    public List<Value> reads() {
      List<Value> reads = new ArrayList<>();
      input.addTo(reads);
      if (input.norm().isPresent() && input.normalises() == Input.Writes.NO) {
        reads.add(input.in());
      }
      parts.forEach(part -> part.residual().ifPresent(reads::add));
      return reads;
    }

    @Override
    public List<Value> writes() {
      List<Value> writes = new ArrayList<>(parts.stream().map(Part::out).toList());
      if (input.norm().isPresent() && input.normalises() == Input.Writes.YES) {
        writes.add(input.in());
      }
      return writes;
    }
  }

  /** Two products over one input, the first activated and multiplied with the second. */
  record GatedProduct(Input input, Part gate, Part up, Activation activation, Value out) implements Node {

    @Override
    public List<Value> reads() {
      List<Value> reads = new ArrayList<>();
      input.addTo(reads);
      if (input.norm().isPresent() && input.normalises() == Input.Writes.NO) {
        reads.add(input.in());
      }
      return reads;
    }

    @Override
    public List<Value> writes() {
      List<Value> writes = new ArrayList<>(List.of(out, gate.out(), up.out()));
      if (input.norm().isPresent() && input.normalises() == Input.Writes.YES) {
        writes.add(input.in());
      }
      return writes;
    }
  }

  /**
   * Queries or keys on their way through norm and rotation.
   *
   * @param in before
   * @param norm over each head, if there is one
   */
  record Heads(Value in, Optional<Op.Norm> norm) {}

  /** How heads are turned. */
  record Rotation(RopeFrequencies frequencies, Op.Rope.Pairing pairing) {}

  /**
   * Keys, turned, and values into the cache; queries turned on the way.
   *
   * @param query with the place that it goes to; empty: queries are turned elsewhere
   */
  record CacheWrite(Op.KvWrite write, Heads key, Optional<Rotation> rotation, Optional<Query> query) implements Node {

    /** Queries that are turned like the keys. */
    record Query(Heads heads, Value out) {}

    @Override
    public List<Value> reads() {
      List<Value> reads = new ArrayList<>(List.of(key.in(), write.value()));
      query.ifPresent(each -> reads.add(each.heads().in()));
      return reads;
    }

    @Override
    public List<Value> writes() {
      return query.map(each -> List.of(each.out())).orElse(List.of());
    }
  }
}
