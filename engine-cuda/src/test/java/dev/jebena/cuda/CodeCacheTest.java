package dev.jebena.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jebena.cuda.emulator.EmulatedCuda;
import dev.jebena.cuda.emulator.EmulatedCudaOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Machine code that is kept between starts: found again, never trusted when it is not what was kept, and bounded. */
class CodeCacheTest {

  private static final byte[] PTX = "some kernel".getBytes(StandardCharsets.US_ASCII);
  private static final CodeCache.Key KEY = CodeCache.Key.of(PTX, 80, 12060);

  @TempDir
  Path temporary;

  private Path folder() {
    return temporary.resolve("code");
  }

  private CodeCache cache() {
    return new CodeCache(Optional.of(folder()), 10_000);
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder())) {
      return files.toList();
    }
  }

  private static byte[] code(int bytes) {
    byte[] code = new byte[bytes];
    for (int i = 0; i < bytes; i++) {
      code[i] = (byte) (i * 31);
    }
    return code;
  }

  @Test
  void whatWasKeptIsFoundByTheNextProcess() {
    assertTrue(cache().find(KEY).isEmpty());
    cache().keep(KEY, code(100));
    assertArrayEquals(code(100), cache().find(KEY).orElseThrow());
    assertTrue(cache().describe().contains(folder() + ": 1 kernels"), cache().describe());
  }

  @Test
  void otherPtxAnotherDeviceAndAnotherDriverHaveOtherCode() {
    cache().keep(KEY, code(100));
    byte[] other = PTX.clone();
    other[0]++;
    assertTrue(cache().find(CodeCache.Key.of(other, 80, 12060)).isEmpty());
    assertTrue(cache().find(CodeCache.Key.of(PTX, 90, 12060)).isEmpty());
    assertTrue(cache().find(CodeCache.Key.of(PTX, 80, 12080)).isEmpty());
  }

  @Test
  void aFileThatIsDamagedAnywhereIsNotThereAndIsWrittenAnew() throws IOException {
    cache().keep(KEY, code(100));
    Path file = files().getFirst();
    byte[] whole = Files.readAllBytes(file);
    for (int at = 0; at < whole.length; at++) {
      byte[] damaged = whole.clone();
      damaged[at] ^= 1;
      Files.write(file, damaged);
      assertTrue(cache().find(KEY).isEmpty(), "byte " + at);
    }
    for (int length : new int[] {0, 10, whole.length - 1}) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertTrue(cache().find(KEY).isEmpty(), "cut to " + length);
    }
    cache().keep(KEY, code(100));
    assertArrayEquals(code(100), cache().find(KEY).orElseThrow());
  }

  @Test
  void aFileOfAnotherKeyUnderThisNameIsForeign() throws IOException {
    cache().keep(CodeCache.Key.of(PTX, 90, 12060), code(50));
    Path foreign = files().getFirst();
    cache().keep(KEY, code(100));
    Path own = files().stream().filter(file -> !file.equals(foreign)).findFirst().orElseThrow();
    Files.copy(foreign, own, StandardCopyOption.REPLACE_EXISTING);
    assertTrue(cache().find(KEY).isEmpty());
  }

  @Test
  void theFilesThatWereNotUsedForLongestMakeRoom() throws IOException {
    CodeCache cache = cache();
    for (int i = 0; i < 4; i++) {
      cache.keep(CodeCache.Key.of(PTX, i, 1), code(3000));
      for (Path file : files()) {
        Files.setLastModifiedTime(file, FileTime.fromMillis(Files.getLastModifiedTime(file).toMillis() - 60_000));
      }
      assertTrue(cache.find(CodeCache.Key.of(PTX, 0, 1)).isPresent(), "it is used all the time");
    }
    assertEquals(3, files().size());
    assertTrue(cache.find(CodeCache.Key.of(PTX, 1, 1)).isEmpty());
    cache.keep(CodeCache.Key.of(PTX, 9, 1), code(20_000));
    assertEquals(3, files().size(), "what is larger than the whole is not kept");
  }

  @Test
  void aFolderThatOthersMayWriteToIsNotTrusted() throws IOException {
    cache().keep(KEY, code(100));
    Files.setPosixFilePermissions(folder(), PosixFilePermissions.fromString("rwxrwxrwx"));
    assertTrue(cache().find(KEY).isEmpty());
  }

  @Test
  void aFolderThatCannotBeMadeCostsNothingButTheCache() throws IOException {
    Path file = Files.writeString(temporary.resolve("file"), "no folder");
    CodeCache cache = new CodeCache(Optional.of(file), 10_000);
    cache.keep(KEY, code(10));
    assertFalse(cache.isOn());
    assertTrue(cache.find(KEY).isEmpty());
  }

  @Test
  void theFolderIsTheUsersUnlessAnotherIsNamed() {
    assertEquals(Optional.of(Path.of("/h/.cache/jebena/cuda")), CodeCache.folder(null, null, "/h"));
    assertEquals(Optional.of(Path.of("/x/jebena/cuda")), CodeCache.folder(" ", "/x", "/h"));
    assertEquals(Optional.of(Path.of("/named")), CodeCache.folder("/named", "/x", "/h"));
    assertEquals(Optional.empty(), CodeCache.folder("off", null, "/h"));
  }

  @Test
  void kernelsAreCompiledOnceAndThenComeFromTheFolder() throws IOException {
    EmulatedCuda.assumeSupported();
    try (EmulatedCuda cuda = EmulatedCuda.start(EmulatedCudaOptions.DEFAULT)) {
      assertInstanceOf(Installation.Works.class, Installation.find());
      use(true, "norm_rows", "map");
      assertEquals(2, files().size());
      assertEquals(2, cuda.linkedImages());
      use(true, "norm_rows", "map");
      assertEquals(2, cuda.linkedImages(), "the second start compiles nothing");
      for (Path file : files()) {
        Files.writeString(file, "what a full disk leaves");
      }
      use(true, "norm_rows");
      assertEquals(3, cuda.linkedImages(), "what is damaged is compiled again");
      use(true, "norm_rows");
      assertEquals(3, cuda.linkedImages());
      use(false, "norm_rows");
      assertEquals(3, cuda.linkedImages(), "without a folder the driver gets the PTX");
      cuda.verify();
    }
  }

  @Test
  void codeThatTheDriverDoesNotTakeIsCompiledAnew() throws IOException {
    EmulatedCuda.assumeSupported();
    try (EmulatedCuda cuda = EmulatedCuda.start(EmulatedCudaOptions.DEFAULT)) {
      assertInstanceOf(Installation.Works.class, Installation.find());
      use(true, "norm_rows");
      // whole as a file, and no machine code
      cache().keep(CodeCache.Key.of(KernelCatalog.shipped().text("norm_rows"), 80, DriverCalls.version()), code(100));
      use(true, "norm_rows");
      assertEquals(2, cuda.linkedImages());
      cuda.clearFailures();
      use(true, "norm_rows");
      assertEquals(2, cuda.linkedImages());
      cuda.verify();
    }
  }

  private void use(boolean kept, String... names) {
    CodeCache cache = new CodeCache(kept ? Optional.of(folder()) : Optional.empty(), 1 << 20);
    try (Device device = Device.open(0); Kernels kernels = new Kernels(device, KernelCatalog.shipped(), cache)) {
      for (String name : names) {
        assertEquals(name, kernels.get(name).name());
      }
    }
  }
}
