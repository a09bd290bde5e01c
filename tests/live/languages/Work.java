// SPDX-License-Identifier: Apache-2.0
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** What MCP servers in Java do. Exits 0 when all worked. */
public final class Work {
  public static void main(String[] args) throws Exception {
    var pool = Executors.newFixedThreadPool(8);
    var count = new AtomicInteger();
    for (int i = 0; i < 100; i++) {
      pool.submit(count::incrementAndGet);
    }
    pool.shutdown();
    check(pool.awaitTermination(30, TimeUnit.SECONDS) && count.get() == 100);
    var cat = new ProcessBuilder("cat").start();
    cat.getOutputStream().write("through".getBytes());
    cat.getOutputStream().close();
    check(new String(cat.getInputStream().readAllBytes()).equals("through"));
    check(new ProcessBuilder("sh", "-c", "exit 7").start().waitFor() == 7);
    Path dir = Files.createTempDirectory("work");
    Files.writeString(dir.resolve("file"), "x");
    Files.move(dir.resolve("file"), dir.resolve("moved"));
    try (var list = Files.list(dir)) {
      check(list.count() == 1);
    }
    Files.delete(dir.resolve("moved"));
    Files.delete(dir);
    long sum = 0;
    for (int i = 0; i < 5_000_000; i++) {
      sum += i % 7;
    }
    check(sum > 0 && new byte[64 << 20].length > 0);
    System.gc();
    System.err.println("worked");
  }

  private static void check(boolean ok) {
    if (!ok) {
      throw new AssertionError();
    }
  }
}
