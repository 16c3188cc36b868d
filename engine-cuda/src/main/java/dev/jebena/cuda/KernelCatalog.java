package dev.jebena.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The kernels that are shipped, as PTX: which there are can be asked without a device. */
final class KernelCatalog {

  /** One PTX file each; see src/main/cuda/README.md. */
  private static final List<String> MODULES = List.of(
      "embed", "norm", "rope", "attention_decode", "attention_prefill", "matvec", "matvec_gate", "gemm", "elementwise", "sample",
      "collective", "cache");

  private static final Pattern ENTRY = Pattern.compile("\\.entry\\s+(\\w+)\\s*\\(");

  private static final KernelCatalog SHIPPED = new KernelCatalog();

  /** PTX by module. */
  private final Map<String, byte[]> texts = new LinkedHashMap<>();
  /** Module by kernel. */
  private final Map<String, String> modules = new LinkedHashMap<>();

  private KernelCatalog() {
    for (String module : MODULES) {
      byte[] text = read(module);
      if (text != null) {
        texts.put(module, text);
        Matcher entry = ENTRY.matcher(new String(text, StandardCharsets.US_ASCII));
        while (entry.find()) {
          modules.put(entry.group(1), module);
        }
      }
    }
  }

  static KernelCatalog shipped() {
    return SHIPPED;
  }

  private static byte @Nullable [] read(String module) {
    try (InputStream in = KernelCatalog.class.getResourceAsStream("ptx/" + module + ".ptx")) {
      return in == null ? null : in.readAllBytes();
    } catch (IOException e) {
      throw new IllegalStateException("the PTX of " + module + " cannot be read", e);
    }
  }

  boolean has(String kernel) {
    return modules.containsKey(kernel);
  }

  /** The module that a kernel is in. */
  String moduleOf(String kernel) {
    String module = modules.get(kernel);
    if (module == null) {
      throw new IllegalArgumentException("kernel " + kernel + " is not shipped");
    }
    return module;
  }

  /** A module's PTX. */
  byte[] text(String module) {
    byte[] text = texts.get(module);
    if (text == null) {
      throw new IllegalArgumentException("the PTX of " + module + " is not shipped");
    }
    return text;
  }

  /** How many kernels there are. */
  int size() {
    return modules.size();
  }
}
