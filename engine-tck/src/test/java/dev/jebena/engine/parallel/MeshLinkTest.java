package dev.jebena.engine.parallel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Collectives over sockets against sums that are added up in one place. */
class MeshLinkTest {

  /** Links of all nodes, over loopback. */
  private static List<MeshLink> mesh(int nodes) throws IOException {
    List<TreeMap<Integer, SocketChannel>> channels = new ArrayList<>();
    for (int node = 0; node < nodes; node++) {
      channels.add(new TreeMap<>());
    }
    try (ServerSocketChannel listener = ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
      for (int low = 0; low < nodes; low++) {
        for (int high = low + 1; high < nodes; high++) {
          channels.get(high).put(low, SocketChannel.open(listener.getLocalAddress()));
          channels.get(low).put(high, listener.accept());
        }
      }
    }
    List<MeshLink> links = new ArrayList<>();
    for (int node = 0; node < nodes; node++) {
      Selector selector = Selector.open();
      List<MeshPeer> peers = new ArrayList<>();
      for (var each : channels.get(node).entrySet()) {
        peers.add(new MeshPeer(each.getKey(), each.getValue(), selector));
      }
      links.add(new MeshLink(node, nodes, selector, peers, (peer, why) -> new RankException("rank " + peer + ": " + why), 99));
    }
    return links;
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 7})
  void sumsAreAddedInTheOrderOfTheNodesToTheBit(int nodes) throws Exception {
    long seed = System.nanoTime();
    System.out.println("mesh of " + nodes + ": seed " + seed);
    Random random = new Random(seed);
    List<MeshLink> links = mesh(nodes);
    try (ExecutorService threads = Executors.newFixedThreadPool(nodes)) {
      for (int round = 0; round < 60; round++) {
        int count = round % 3 == 0 ? 5_000 + random.nextInt(300_000) : 1 + random.nextInt(4_500);
        float[][] values = new float[nodes][count];
        float[] expected = new float[count];
        for (int node = 0; node < nodes; node++) {
          for (int i = 0; i < count; i++) {
            values[node][i] = (float) random.nextGaussian();
            expected[i] = node == 0 ? values[node][i] : expected[i] + values[node][i];
          }
        }
        List<Future<?>> running = new ArrayList<>();
        for (int node = 0; node < nodes; node++) {
          int ours = node;
          running.add(threads.submit(() -> links.get(ours).allReduce(values[ours], count)));
        }
        for (Future<?> each : running) {
          each.get(30, TimeUnit.SECONDS);
        }
        for (int node = 0; node < nodes; node++) {
          assertArrayEquals(expected, values[node], "node " + node + ", " + count + " values, seed " + seed);
        }
      }
    } finally {
      links.forEach(MeshLink::close);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 4})
  void everybodyGetsWhatEverybodyHas(int nodes) throws Exception {
    Random random = new Random(3);
    List<MeshLink> links = mesh(nodes);
    try (ExecutorService threads = Executors.newFixedThreadPool(nodes)) {
      for (int round = 0; round < 20; round++) {
        int[] counts = random.ints(nodes, 1, round % 2 == 0 ? 100 : 200_000).toArray();
        float[][][] parts = new float[nodes][nodes][];
        List<Future<?>> running = new ArrayList<>();
        for (int node = 0; node < nodes; node++) {
          for (int other = 0; other < nodes; other++) {
            parts[node][other] = new float[counts[other]];
          }
          for (int i = 0; i < counts[node]; i++) {
            parts[node][node][i] = node * 1_000_000 + i;
          }
        }
        for (int node = 0; node < nodes; node++) {
          int ours = node;
          running.add(threads.submit(() -> links.get(ours).exchange(parts[ours], counts)));
        }
        for (Future<?> each : running) {
          each.get(30, TimeUnit.SECONDS);
        }
        for (int node = 0; node < nodes; node++) {
          for (int other = 0; other < nodes; other++) {
            assertArrayEquals(parts[other][other], parts[node][other]);
          }
        }
      }
    } finally {
      links.forEach(MeshLink::close);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {10, 100_000})
  void aNodeThatGoesIsNamed(int count) throws Exception {
    List<MeshLink> links = mesh(3);
    try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
      Future<?> first = threads.submit(() -> links.get(0).allReduce(new float[count], count));
      Thread.sleep(50);
      links.get(2).close();
      ExecutionException thrown = assertThrows(ExecutionException.class, () -> first.get(10, TimeUnit.SECONDS));
      assertEquals("rank 2: it closed the connection", thrown.getCause().getMessage());
    } finally {
      links.forEach(MeshLink::close);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {10, 100_000})
  void nodesThatAreNotAtTheSameCollectiveAreNotMixedUp(int count) throws Exception {
    List<MeshLink> links = mesh(2);
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      Future<?> first = threads.submit(() -> links.get(0).allReduce(new float[count], count));
      Future<?> second = threads.submit(() -> links.get(1).allReduce(new float[count + 1], count + 1));
      assertThrows(ExecutionException.class, () -> first.get(10, TimeUnit.SECONDS));
      assertThrows(ExecutionException.class, () -> second.get(10, TimeUnit.SECONDS));
    } finally {
      links.forEach(MeshLink::close);
    }
  }
}
