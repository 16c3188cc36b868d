package dev.jebena.tokenizer.template;

import dev.jebena.tokenizer.template.FunctionScope.Variable;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The variables of a scope, found before it runs. As in jinja2, what a name means is decided for a whole scope: a name that is assigned
 * anywhere in it is a variable of it, which begins as the outer scope's value or as nothing; a name that is only read is looked up outside.
 */
final class Symbols {

  /** How a variable begins when its scope is entered. */
  sealed interface Load {

    /** As an argument or the item of a loop. */
    record Parameter() implements Load {}

    /** As what the caller of the template gives under that name. */
    record Resolve(String name) implements Load {}

    /** As the variable of an outer scope. */
    record Alias(Variable outer) implements Load {}

    /** As nothing. */
    record Nothing() implements Load {}
  }

  private final @Nullable Symbols parent;
  private final FunctionScope function;
  private final int level;
  private final Map<String, Variable> variables;
  private final Map<Variable, Load> loads;
  private final Set<String> stores;

  private Symbols(
      @Nullable Symbols parent,
      FunctionScope function,
      int level,
      Map<String, Variable> variables,
      Map<Variable, Load> loads,
      Set<String> stores) {
    this.parent = parent;
    this.function = function;
    this.level = level;
    this.variables = variables;
    this.loads = loads;
    this.stores = stores;
  }

  static Symbols root() {
    return new Symbols(null, new FunctionScope(null), 0, new LinkedHashMap<>(), new LinkedHashMap<>(), new LinkedHashSet<>());
  }

  /** A scope within this one, in the same function. */
  Symbols inner() {
    return inner(function);
  }

  /** A scope within this one, of a function within this one's. */
  Symbols innerFunction() {
    return inner(new FunctionScope(function));
  }

  /** A scope within this one, in that function. */
  Symbols inner(FunctionScope where) {
    return new Symbols(this, where, level + 1, new LinkedHashMap<>(), new LinkedHashMap<>(), new LinkedHashSet<>());
  }

  /** Another scope within the same function and the same outer scope as this one, to try a branch with. */
  private Symbols branch() {
    return new Symbols(
        parent, function, level, new LinkedHashMap<>(variables), new LinkedHashMap<>(loads), new LinkedHashSet<>(stores));
  }

  FunctionScope function() {
    return function;
  }

  Map<Variable, Load> loads() {
    return loads;
  }

  /** The variable of a name; null if it was not seen when the scope was analyzed. */
  @Nullable Variable find(String name) {
    Variable variable = variables.get(name);
    return variable != null ? variable : parent == null ? null : parent.find(name);
  }

  private Variable define(String name, Load load) {
    Variable variable = function.variable(level, name);
    variables.put(name, variable);
    loads.put(variable, load);
    return variable;
  }

  Variable declareParameter(String name) {
    stores.add(name);
    return define(name, new Load.Parameter());
  }

  void store(String name) {
    stores.add(name);
    if (!variables.containsKey(name)) {
      Variable outer = parent == null ? null : parent.find(name);
      define(name, outer == null ? new Load.Nothing() : new Load.Alias(outer));
    }
  }

  private void load(String name) {
    if (find(name) == null) {
      define(name, new Load.Resolve(name));
    }
  }

  /** Takes over what the branches of a condition did: what only some of them assign begins as it is outside. */
  private void update(List<Symbols> branches) {
    Set<String> stored = new LinkedHashSet<>();
    branches.forEach(branch -> stored.addAll(branch.stores));
    stored.removeAll(new HashSet<>(stores));
    for (Symbols branch : branches) {
      variables.putAll(branch.variables);
      loads.putAll(branch.loads);
      stores.addAll(branch.stores);
    }
    for (String name : stored) {
      Variable outer = parent == null ? null : parent.find(name);
      Variable variable = find(name);
      if (variable != null) {
        loads.put(variable, outer == null ? new Load.Resolve(name) : new Load.Alias(outer));
      }
    }
  }

  void visit(List<Node.Statement> statements) {
    statements.forEach(this::visit);
  }

  /** What a statement does to the scope that it stands in; what it does to scopes of its own is not looked at. */
  private void visit(Node.Statement statement) {
    switch (statement) {
      case Node.Output output -> read(output.value());
      case Node.If branch -> {
        read(branch.test());
        Symbols body = branch();
        body.visit(branch.body());
        Symbols elifs = branch();
        branch.elifs().forEach(elifs::visit);
        Symbols otherwise = branch();
        otherwise.visit(branch.otherwise());
        update(List.of(body, elifs, otherwise));
      }
      case Node.For loop -> read(loop.iterable());
      case Node.Assign assign -> {
        read(assign.value());
        visitTarget(assign.target());
      }
      case Node.AssignBlock assign -> visitTarget(assign.target());
      case Node.MacroDefinition macro -> store(macro.name().name());
      case Node.CallBlock call -> read(call.call());
      case Node.FilterBlock filter -> read(filter.filter());
      case Node.With with -> with.values().forEach(this::read);
      case Node.Data data -> {}
      case Node.Scope scope -> {}
      case Node.Generation generation -> {}
      case Node.Break end -> {}
      case Node.Continue next -> {}
    }
  }

  private void visitTarget(Node.Expression target) {
    switch (target) {
      case Node.Name name -> store(name.name());
      case Node.NamespaceAttribute attribute -> load(attribute.name());
      case Node.TupleLiteral tuple -> tuple.items().forEach(this::visitTarget);
      default -> throw new IllegalArgumentException("no target: " + target);
    }
  }

  /** Declares the names of a target as parameters. */
  void declareParameters(Node.Expression target) {
    switch (target) {
      case Node.Name name -> declareParameter(name.name());
      case Node.TupleLiteral tuple -> tuple.items().forEach(this::declareParameters);
      default -> throw new IllegalArgumentException("no parameter: " + target);
    }
  }

  /** Reads the names in an expression. */
  void read(Node.Expression expression) {
    List<String> names = new ArrayList<>();
    NameWalk.reads(expression, names::add);
    names.forEach(this::load);
  }
}
