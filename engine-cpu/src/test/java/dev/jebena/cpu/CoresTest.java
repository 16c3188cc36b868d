package dev.jebena.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On trees of files as Linux shows them. */
class CoresTest {

  @TempDir
  private Path root;

  private void write(String path, String text) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(java.util.Objects.requireNonNull(file.getParent()));
    Files.writeString(file, text + "\n");
  }

  private void machine(String allowed, int processors, int threadsPerCore) throws IOException {
    write("proc/self/status", "Name:\tjava\nCpus_allowed:\tff\nCpus_allowed_list:\t" + allowed);
    for (int i = 0; i < processors; i++) {
      int core = i % (processors / threadsPerCore);
      String siblings = threadsPerCore == 1 ? "" + core : core + "," + (core + processors / threadsPerCore);
      write("sys/devices/system/cpu/cpu" + i + "/topology/thread_siblings_list", siblings);
    }
  }

  @Test
  void withoutAnyFilesTheJvmsNumberCounts() {
    assertEquals(6, Cores.find(root, 6).count());
    assertEquals(1, Cores.memoryNodes(root));
  }

  @Test
  void twoThreadsOfACoreCountOnce() throws IOException {
    machine("0-7", 8, 2);
    assertEquals(4, Cores.find(root, 8).count());
    assertEquals("4 cores of 8 processors", Cores.find(root, 8).why());
  }

  @Test
  void onlyTheCoresThatTheProcessMayRunOnCount() throws IOException {
    machine("0,4-5", 8, 2);
    assertEquals(2, Cores.find(root, 3).count());
    machine("3,5", 8, 1);
    assertEquals(2, Cores.find(root, 2).count());
  }

  @Test
  void theSmallestQuotaOfTheGroupsAroundIsRoundedDown() throws IOException {
    machine("0-15", 16, 1);
    write("proc/self/cgroup", "0::/kube/pod/container");
    write("sys/fs/cgroup/kube/pod/container/cpu.max", "max 100000");
    write("sys/fs/cgroup/kube/pod/cpu.max", "350000 100000");
    write("sys/fs/cgroup/kube/cpu.max", "800000 100000");
    Cores cores = Cores.find(root, 4);
    assertEquals(3, cores.count());
    assertTrue(cores.why().contains("quota of 3.50"), cores.why());
  }

  @Test
  void aQuotaUnderOneProcessorLeavesOneThread() throws IOException {
    machine("0-3", 4, 1);
    write("proc/self/cgroup", "0::/");
    write("sys/fs/cgroup/cpu.max", "50000 100000");
    assertEquals(1, Cores.find(root, 1).count());
  }

  @Test
  void inAContainerTheMountsRootIsTheGroupWhateverItsPath() throws IOException {
    machine("0-7", 8, 1);
    write("proc/self/cgroup", "0::/../../system.slice/docker-1.scope");
    write("sys/fs/cgroup/cpu.max", "200000 100000");
    assertEquals(2, Cores.find(root, 8).count());
  }

  @Test
  void theFirstVersionOfControlGroupsIsUnderstoodToo() throws IOException {
    machine("0-7", 8, 1);
    write("proc/self/cgroup", "5:memory:/a\n4:cpu,cpuacct:/a");
    write("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "250000");
    write("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000");
    write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1");
    write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000");
    assertEquals(2, Cores.find(root, 3).count());
  }

  @Test
  void whatTheJvmWasToldBoundsEverything() throws IOException {
    machine("0-7", 8, 1);
    assertEquals(3, Cores.find(root, 3).count());
  }

  @Test
  void nonsenseInTheFilesDoesNoHarm() throws IOException {
    machine("0-1,x,9-", 2, 1);
    write("proc/self/cgroup", "nonsense\n0::/");
    write("sys/fs/cgroup/cpu.max", "many few");
    assertTrue(Cores.find(root, 4).count() >= 2);
  }

  @Test
  void memoryNodesWithoutProcessorsOfTheProcessAreNotItsOwn() throws IOException {
    machine("0-3", 8, 1);
    write("sys/devices/system/node/node0/cpulist", "0-3");
    write("sys/devices/system/node/node1/cpulist", "4-7");
    assertEquals(1, Cores.memoryNodes(root));
    machine("2-5", 8, 1);
    assertEquals(2, Cores.memoryNodes(root));
  }
}
