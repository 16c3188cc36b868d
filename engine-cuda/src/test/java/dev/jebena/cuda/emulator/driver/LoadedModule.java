package dev.jebena.cuda.emulator.driver;

import dev.jebena.cuda.emulator.ptx.PtxModule;
import java.util.HashMap;
import java.util.Map;

/** A module in a context: its variables have addresses. */
final class LoadedModule {

  final Context context;
  final PtxModule ptx;
  final Map<String, Long> symbols;
  final Map<String, Long> functionHandles = new HashMap<>();

  LoadedModule(Context context, PtxModule ptx, Map<String, Long> symbols) {
    this.context = context;
    this.ptx = ptx;
    this.symbols = symbols;
  }
}
