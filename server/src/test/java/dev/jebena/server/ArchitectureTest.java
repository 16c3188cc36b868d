package dev.jebena.server;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Holds the arrows between the modules that docs/architecture.md draws. */
class ArchitectureTest {

  private static final String TOKENIZER = "dev.jebena.tokenizer..";
  private static final String ENGINE = "dev.jebena.engine..";
  private static final String TCK = "dev.jebena.engine.tck..";
  private static final String MODELS = "dev.jebena.models..";
  private static final String CPU = "dev.jebena.cpu..";
  private static final String CUDA = "dev.jebena.cuda..";
  private static final String SERVER = "dev.jebena.server..";
  private static final List<String> ALL = List.of(TOKENIZER, ENGINE, TCK, MODELS, CPU, CUDA, SERVER);

  private static final JavaClasses CLASSES = new ClassFileImporter()
      .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
      // the tests of engine-cuda lend their emulated devices to those of the server
      .withImportOption(location -> !location.contains("-tests.jar"))
      .importPackages("dev.jebena");

  private static void holds(ArchRule rule) {
    rule.check(CLASSES);
  }

  /** Classes of a module use, of our own modules, only itself and these. */
  private static void mayUse(String module, String... others) {
    String[] forbidden = ALL.stream()
        .filter(candidate -> !candidate.equals(module) && Stream.of(others).noneMatch(candidate::equals))
        .toArray(String[]::new);
    var target = resideInAnyPackage(forbidden);
    if (module.equals(ENGINE) || List.of(others).contains(ENGINE)) {
      target = target.and(not(resideInAPackage(ENGINE))).or(resideInAPackage(TCK));
    }
    holds(noClasses().that(resideInAPackage(module).and(not(resideInAPackage(TCK))))
        .should().dependOnClassesThat(target));
  }

  @Test
  void allModulesAreLookedAt() {
    for (String module : List.of(TOKENIZER, ENGINE, MODELS, CPU, CUDA, SERVER)) {
      assertTrue(CLASSES.stream().anyMatch(resideInAPackage(module)), module);
    }
  }

  @Test
  void theTokenizerUsesNothingOfOurs() {
    mayUse(TOKENIZER);
  }

  @Test
  void theEngineUsesTheTokenizer() {
    mayUse(ENGINE, TOKENIZER);
  }

  @Test
  void modelsUseTheEngineAndTheTokenizer() {
    mayUse(MODELS, ENGINE, TOKENIZER);
  }

  @Test
  void theCpuBackendUsesTheEngine() {
    mayUse(CPU, ENGINE);
  }

  @Test
  void theCudaBackendUsesTheEngine() {
    mayUse(CUDA, ENGINE);
  }

  @Test
  void theServerUsesAllButBackends() {
    mayUse(SERVER, ENGINE, TOKENIZER, MODELS);
  }

  @Test
  void vectorsAreUsedByTheCpuBackendOnly() {
    holds(noClasses().that().resideOutsideOfPackage(CPU).should().dependOnClassesThat().resideInAPackage("jdk.incubator.vector.."));
  }

  @Test
  void theTransportKnowsNoProtocolAndTheProtocolNoSockets() {
    holds(noClasses().that().resideInAPackage("dev.jebena.server.http..")
        .should().dependOnClassesThat().resideInAnyPackage("dev.jebena.server.api..", "dev.jebena.server.openai..", ENGINE));
    holds(noClasses().that().resideInAnyPackage("dev.jebena.server.api..", "dev.jebena.server.openai..")
        .should().dependOnClassesThat().resideInAPackage("io.netty.."));
  }
}
