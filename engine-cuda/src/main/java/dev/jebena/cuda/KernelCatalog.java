package dev.jebena.cuda;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The kernels that are shipped, as PTX: which there are can be asked without a device.
 *
 * <p>A file holds a family of kernels, most of which a model does not use, and the driver takes about a second for four of the larger ones. So a kernel is handed
 * out alone: the head of its file (version, target, the shared memory that launches bring) and its own text, which needs nothing else.
 */
final class KernelCatalog {

  /** One PTX file each; see src/main/cuda/README.md. */
  private static final List<String> FILES = List.of(
      "embed", "norm", "rope", "attention_decode", "attention_prefill", "matvec", "matvec_gate", "matvec_int8", "gemm", "split",
      "moe", "moe_matvec", "elementwise", "sample", "collective", "cache");

  private static final Pattern ENTRY = Pattern.compile("^\\.visible \\.entry (\\w+)\\(", Pattern.MULTILINE);
  private static final Pattern SHARED = Pattern.compile("^\\.extern \\.shared [^;]*;$", Pattern.MULTILINE);
  private static final String END = "\n}\n";

  private static final KernelCatalog SHIPPED = new KernelCatalog();

  /** A kernel's place in its file: bytes {@code [from, to)}. */
  private record Place(byte[] file, byte[] head, int from, int to) {}

  private final Map<String, Place> places = new LinkedHashMap<>();

  private KernelCatalog() {
    FILES.forEach(this::read);
  }

  static KernelCatalog shipped() {
    return SHIPPED;
  }

  private void read(String name) {
    byte[] file;
    try (InputStream in = KernelCatalog.class.getResourceAsStream("ptx/" + name + ".ptx")) {
      if (in == null) {
        return;
      }
      file = in.readAllBytes();
    } catch (IOException e) {
      throw new IllegalStateException("the PTX of " + name + " cannot be read", e);
    }
    String text = new String(file, StandardCharsets.US_ASCII);
    Matcher entry = ENTRY.matcher(text);
    byte[] head = new byte[0];
    while (entry.find()) {
      if (head.length == 0) {
        head = head(text, entry.start());
      }
      int end = text.indexOf(END, entry.end());
      if (end < 0) {
        throw new IllegalStateException("the PTX of " + name + " is cut off within " + entry.group(1));
      }
      places.put(entry.group(1), new Place(file, head, entry.start(), end + END.length()));
    }
  }

  private static byte[] head(String text, int firstEntry) {
    StringBuilder head = new StringBuilder(SHARED.matcher(text.substring(0, firstEntry)).replaceAll(""));
    Matcher shared = SHARED.matcher(text);
    if (shared.find()) {
      head.append(shared.group()).append('\n');
    }
    return head.toString().getBytes(StandardCharsets.US_ASCII);
  }

  boolean has(String kernel) {
    return places.containsKey(kernel);
  }

  /** A module with this kernel alone, and a zero behind it: the driver reads up to there. */
  byte[] text(String kernel) {
    Place place = places.get(kernel);
    if (place == null) {
      throw new IllegalArgumentException("kernel " + kernel + " is not shipped");
    }
    ByteArrayOutputStream text = new ByteArrayOutputStream(place.head().length + place.to() - place.from() + 1);
    text.writeBytes(place.head());
    text.write(place.file(), place.from(), place.to() - place.from());
    text.write(0);
    return text.toByteArray();
  }

  /** How many kernels there are. */
  int size() {
    return places.size();
  }
}
