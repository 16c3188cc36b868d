package dev.jebena.tokenizer.template;

import dev.jebena.tokenizer.template.FunctionScope.Variable;
import java.util.ArrayList;
import java.util.List;

/** Code for entering and leaving scopes. */
final class Scopes {

  private Scopes() {}

  /** Gives each variable of a scope its first value. */
  static Code.Entry entry(Symbols symbols) {
    List<Code.Entry> entries = new ArrayList<>();
    symbols.loads().forEach((variable, load) -> {
      int slot = variable.slot();
      switch (load) {
        case Symbols.Load.Parameter parameter -> {}
        case Symbols.Load.Resolve(String name) -> entries.add(activation -> activation.slots()[slot] = activation.run().resolve(name));
        case Symbols.Load.Alias(Variable outer) -> {
          int hops = symbols.function().hopsTo(outer);
          entries.add(activation -> activation.slots()[slot] = activation.outwards(hops).slots()[outer.slot()]);
        }
        case Symbols.Load.Nothing nothing -> entries.add(activation -> activation.slots()[slot] = Values.MISSING);
      }
    });
    Code.Entry[] all = entries.toArray(Code.Entry[]::new);
    return activation -> {
      for (Code.Entry entry : all) {
        entry.enter(activation);
      }
    };
  }

  /** Forgets the variables of a scope, so that functions that saw them see nothing from then on. */
  static Code.Entry exit(Symbols symbols) {
    int[] slots = symbols.loads().keySet().stream().mapToInt(Variable::slot).toArray();
    return activation -> {
      for (int slot : slots) {
        activation.slots()[slot] = Values.MISSING;
      }
    };
  }

  /** Runs a body in a scope of its own. */
  static Code.Statement scoped(Symbols symbols, Code.Statement body) {
    Code.Entry entry = entry(symbols);
    Code.Entry exit = exit(symbols);
    return activation -> {
      entry.enter(activation);
      Code.Flow flow = body.run(activation);
      exit.enter(activation);
      return flow;
    };
  }
}
