package dev.jebena.cuda.kernel;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jcuda.nvptxcompiler.JNvPTXCompiler;
import jcuda.nvptxcompiler.nvPTXCompilerHandle;

/**
 * What the machine code of a kernel needs, by CUDA's own PTX compiler (the one of the drivers of CUDA 12.6, which JCuda brings along).
 *
 * @param generation the GPUs it was compiled for, {@code sm_90} for instance
 * @param registers of a thread
 * @param spillBytes of a thread that did not fit its registers
 * @param sharedBytes static shared memory, and the dynamic of the usual launch
 * @param threads of a block
 */
record CompiledKernel(String name, String generation, int registers, int spillBytes, int sharedBytes, int threads) {

  static final List<String> GENERATIONS = List.of("sm_80", "sm_86", "sm_89", "sm_90");
  static final String HEADER = "kernel\tgeneration\tregisters\tspill_bytes\tshared_bytes\tthreads\tblocks_per_sm\twarps_per_sm";

  private static final Pattern ENTRY = Pattern.compile("\\.entry (\\w+)\\(|\\.maxntid (\\d+)");
  private static final Pattern INFO =
      Pattern.compile("Compiling entry function '(\\w+)'|(\\d+) bytes spill stores|Used (\\d+) registers(?:.*?(\\d+) bytes smem)?");

  private static final Pattern EXTERNAL = Pattern.compile("^\\.extern \\.shared [^;]*;$", Pattern.MULTILINE);

  /** Cuts a PTX text into one for each kernel, as the backend does: the compiler has ended the JVM over texts of 3 MB. */
  static List<String> alone(String ptx) {
    String[] parts = ptx.split("(?m)(?=^\\.visible \\.entry )", -1);
    StringBuilder head = new StringBuilder(EXTERNAL.matcher(parts[0]).replaceAll(""));
    Matcher external = EXTERNAL.matcher(ptx);
    if (external.find()) {
      head.append(external.group()).append('\n');
    }
    return Arrays.stream(parts).skip(1).map(part -> head + EXTERNAL.matcher(part).replaceAll("")).toList();
  }

  /** Compiles all kernels of a PTX text. */
  static List<CompiledKernel> compile(String ptx, String generation) {
    byte[] text = (ptx + "\0").getBytes(StandardCharsets.US_ASCII);
    nvPTXCompilerHandle handle = new nvPTXCompilerHandle();
    require(JNvPTXCompiler.nvPTXCompilerCreate(handle, text.length, text), "the compiler cannot be made");
    try {
      int result = JNvPTXCompiler.nvPTXCompilerCompile(handle, 2, new String[] {"--gpu-name=" + generation, "--verbose"});
      require(result, log(handle, Log.ERRORS));
      return parse(log(handle, Log.INFO), generation, threads(ptx));
    } finally {
      JNvPTXCompiler.nvPTXCompilerDestroy(handle);
    }
  }

  private enum Log {
    ERRORS,
    INFO
  }

  private static String log(nvPTXCompilerHandle handle, Log which) {
    long[] size = new long[1];
    byte[] text = new byte[0];
    switch (which) {
      case ERRORS -> {
        JNvPTXCompiler.nvPTXCompilerGetErrorLogSize(handle, size);
        text = new byte[(int) size[0] + 1];
        JNvPTXCompiler.nvPTXCompilerGetErrorLog(handle, text);
      }
      case INFO -> {
        JNvPTXCompiler.nvPTXCompilerGetInfoLogSize(handle, size);
        text = new byte[(int) size[0] + 1];
        JNvPTXCompiler.nvPTXCompilerGetInfoLog(handle, text);
      }
    }
    return new String(text, StandardCharsets.US_ASCII);
  }

  private static void require(int result, String message) {
    if (result != 0) {
      throw new AssertionError("the PTX compiler answers " + result + ": " + message);
    }
  }

  private static Map<String, Integer> threads(String ptx) {
    Map<String, Integer> threads = new HashMap<>();
    String entry = "";
    Matcher matcher = ENTRY.matcher(ptx);
    while (matcher.find()) {
      if (matcher.group(1) != null) {
        entry = matcher.group(1);
      } else {
        threads.put(entry, Integer.valueOf(matcher.group(2)));
      }
    }
    return threads;
  }

  private static List<CompiledKernel> parse(String info, String generation, Map<String, Integer> threads) {
    List<CompiledKernel> kernels = new ArrayList<>();
    String name = "";
    int spill = 0;
    Matcher matcher = INFO.matcher(info);
    while (matcher.find()) {
      if (matcher.group(1) != null) {
        name = matcher.group(1);
      } else if (matcher.group(2) != null) {
        spill = Integer.parseInt(matcher.group(2));
      } else {
        int fixed = matcher.group(4) == null ? 0 : Integer.parseInt(matcher.group(4));
        kernels.add(new CompiledKernel(
            name, generation, Integer.parseInt(matcher.group(3)), spill, fixed + dynamicSharedBytes(name), threads.getOrDefault(name, 1024)));
      }
    }
    return kernels;
  }

  /** Of the launches that README.md names; decoding with heads of 128 columns. */
  private static int dynamicSharedBytes(String name) {
    int pieces = name.endsWith("_x3") ? 2 : 1;
    if (name.startsWith("gemm_")) {
      return 16384 * (1 + pieces);
    }
    if (name.startsWith("attention_prefill_")) {
      int dim = Integer.parseInt(name.replaceAll(".*_d(\\d+)_.*", "$1"));
      return pieces * 2 * dim * (64 + 2 * (dim == 256 ? 16 : 32));
    }
    if (name.startsWith("attention_decode_")) {
      return 4 * (Integer.parseInt(name.replaceAll(".*_h", "")) * 128 + 64 * 132);
    }
    return 0;
  }

  /** Blocks that a multiprocessor holds at once. Source: CUDA C++ programming guide, compute capabilities. */
  int blocksPerMultiprocessor() {
    boolean large = generation.equals("sm_80") || generation.equals("sm_90");
    int warps = Math.ceilDiv(threads, 32);
    int most = large ? 32 : generation.equals("sm_86") ? 16 : 24;
    int byWarps = (large ? 64 : 48) / warps;
    int registersOfWarp = Math.ceilDiv(registers * 32, 256) * 256;
    int byRegisters = 65536 / registersOfWarp / 4 * 4 / warps;
    int sharedOfMultiprocessor = 1024 * (generation.equals("sm_80") ? 164 : generation.equals("sm_90") ? 228 : 100);
    int byShared = sharedOfMultiprocessor / (Math.ceilDiv(sharedBytes, 128) * 128 + 1024);
    return Math.min(Math.min(most, byWarps), Math.min(byRegisters, byShared));
  }

  /** A line of the table. */
  String line() {
    int blocks = blocksPerMultiprocessor();
    return String.format(Locale.ROOT, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d", name, generation, registers, spillBytes, sharedBytes, threads, blocks,
        blocks * Math.ceilDiv(threads, 32));
  }
}
