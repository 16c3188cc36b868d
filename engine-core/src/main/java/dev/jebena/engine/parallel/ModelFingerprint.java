package dev.jebena.engine.parallel;

import dev.jebena.engine.program.Program;
import dev.jebena.engine.weight.WeightSource;
import dev.jebena.engine.weight.WeightSpec;
import dev.jebena.engine.weight.WeightView;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * What tells one model from another: SHA-256 over the Program and the bytes of its weights. Of a large model, a rank must not have to read
 * everything: then it is the first bytes of every so many.
 */
final class ModelFingerprint {

  /** Models up to here are read whole. */
  private static final long WHOLE_BYTES = 512L << 20;
  private static final int CHUNK = 4096;

  private ModelFingerprint() {}

  static byte[] of(Program program, WeightSource source) {
    MessageDigest digest = sha256();
    digest.update(program.dump().getBytes(StandardCharsets.UTF_8));
    long every = Math.max(1, Math.ceilDiv(program.weightBytes(), WHOLE_BYTES));
    for (WeightSpec spec : program.weights().values()) {
      WeightView view = source.weight(spec);
      for (int row = 0; row < spec.rows(); row++) {
        MemorySegment bytes = view.data().asSlice(row * view.rowStrideBytes(), spec.rowBytes());
        for (long at = row % every * CHUNK; at < bytes.byteSize(); at += every * CHUNK) {
          digest.update(bytes.asSlice(at, Math.min(CHUNK, bytes.byteSize() - at)).asByteBuffer());
        }
      }
    }
    return digest.digest();
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
