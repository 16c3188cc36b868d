/** The Vector API backend; without the module jdk.incubator.vector it says so when it is probed. */
module dev.jebena.cpu {
  requires static transitive org.jspecify;
  requires transitive dev.jebena.engine;
  requires java.management;
  requires jdk.jfr;
  requires static jdk.incubator.vector;

  exports dev.jebena.cpu;

  provides dev.jebena.engine.backend.BackendProvider with
      dev.jebena.cpu.CpuBackendProvider;
}
