/**
 * The CUDA backend; without JCuda or a driver it says so when it is probed. JCuda finds its natives on the class path only, so a program
 * on the module path adds {@code --add-reads dev.jebena.cuda=ALL-UNNAMED} and leaves JCuda's jars on the class path.
 */
module dev.jebena.cuda {
  requires static transitive org.jspecify;
  requires transitive dev.jebena.engine;

  exports dev.jebena.cuda;

  provides dev.jebena.engine.backend.BackendProvider with
      dev.jebena.cuda.CudaBackendProvider;
}
