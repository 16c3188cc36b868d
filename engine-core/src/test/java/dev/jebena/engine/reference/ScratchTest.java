package dev.jebena.engine.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.engine.backend.Limits;
import dev.jebena.engine.program.MapFunction;
import dev.jebena.engine.program.Op;
import dev.jebena.engine.program.Program;
import dev.jebena.engine.program.ProgramBuilder;
import dev.jebena.engine.program.Site;
import dev.jebena.engine.program.Value;
import dev.jebena.engine.weight.BlockType;
import dev.jebena.engine.weight.WeightFormat;
import dev.jebena.engine.weight.WeightSpec;
import org.junit.jupiter.api.Test;

class ScratchTest {

  private static final int COLUMNS = 10;
  private static final Limits LIMITS = new Limits(100, 4, 50, 200);

  @Test
  void takesTheMemoryOfValuesThatNobodyReadsAnyMore() {
    long few = Scratch.bytes(chain(3), LIMITS);
    assertEquals(few, Scratch.bytes(chain(50), LIMITS));
    assertTrue(few < Scratch.bytes(chain(3), new Limits(200, 4, 50, 200)));
  }

  @Test
  void neverLetsAnOperationWriteOverWhatItReads() {
    Program program = chain(7);
    Scratch scratch = Scratch.allocate(program, LIMITS);
    for (Op operation : program.operations()) {
      for (Value input : operation.inputs()) {
        for (Value output : operation.outputs()) {
          assertNotSame(scratch.of(input).data(), scratch.of(output).data());
        }
      }
    }
  }

  private static Program chain(int length) {
    ProgramBuilder builder = new ProgramBuilder("chain");
    WeightSpec table = new WeightSpec("table", COLUMNS, COLUMNS, WeightFormat.of(BlockType.F32));
    Value first = builder.embedTokens(Site.of("in"), "in", table);
    Value value = first;
    for (int i = 0; i < length; i++) {
      Value next = builder.map(Site.of(i, "map"), "map" + i, value, new MapFunction.Scale(2));
      value = builder.add(Site.of(i, "add"), "add" + i, next, value);
    }
    return builder.build(builder.selectOutputs(Site.of("out"), "out", value), COLUMNS);
  }
}
