package dev.jebena.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.cuda.emulator.ptx.PtxModule;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KernelCatalogTest {

  @ParameterizedTest
  @ValueSource(strings = {"norm_rows", "matvec_q6_k_r1", "gemm_f32_x3", "attention_decode_f16_h4", "attention_combine", "sample", "all_gather"})
  void aKernelIsHandedOutAsAModuleOfItsOwn(String kernel) {
    byte[] text = KernelCatalog.shipped().text(kernel);
    assertEquals(0, text[text.length - 1]);
    PtxModule module = PtxModule.parse(new String(text, 0, text.length - 1, StandardCharsets.US_ASCII));
    assertEquals(List.of(kernel), module.kernelNames());
  }

  @Test
  void whatIsNotShippedIsSaidByName() {
    assertTrue(KernelCatalog.shipped().size() > 180);
    assertFalse(KernelCatalog.shipped().has("matvec_q3_k_r1"));
    assertThrows(IllegalArgumentException.class, () -> KernelCatalog.shipped().text("matvec_q3_k_r1"));
  }
}
