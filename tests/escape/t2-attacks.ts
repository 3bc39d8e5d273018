/** Programs that try to get out of tier T2, in a real node with a real engine: what either kind of engine must hold. */
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { networkInterfaces, tmpdir } from "node:os";
import { afterAll, beforeAll, expect, test } from "vitest";
import { secret, startAttackedNode, type Attack, type AttackedNode } from "../support/attacked-node.ts";
import type { TestEngine } from "../support/container-engine.ts";
import { until } from "../support/until.ts";

export const slowMs = 120_000;
export const MiB = 1024 * 1024;

export interface AttackT2 {
  /** There once the tests run. */
  readonly node: AttackedNode;
  shell(script: string, more?: object): Promise<Attack>;
  stdout(attack: Attack): string;
}

/** `more`: attacks besides, before what is left is looked for. Closes the engine. */
export function attackT2(engine: TestEngine, more: (at: AttackT2) => void = () => {}): void {
  let it: AttackedNode;
  beforeAll(async () => {
    const containers = { socket: engine.socket, images: ["busybox"] };
    it = await startAttackedNode({ config: { containers } });
  }, slowMs);
  afterAll(async () => {
    await it?.stop();
    await engine.close();
  }, slowMs);

  const shell: AttackT2["shell"] = (script, rest = {}) =>
    it.attack("container.run", { image: "busybox", command: ["sh", "-c", script], ...rest });
  const stdout: AttackT2["stdout"] = ({ task }) => (task.output as { stdout?: string } | null)?.stdout ?? "";
  const containers = (): Promise<unknown[]> =>
    engine.engine.call("GET", "/containers/json?all=1", { signal: AbortSignal.timeout(20_000) });

  test("files: a secret, the node's key, its data folder, the engine's socket", async () => {
    const paths = [
      it.secretFile,
      it.keyFile,
      it.node.dataDir,
      "/etc/shadow",
      "/root",
      "/home",
      engine.socket,
      "/run/docker.sock",
    ];
    const done = await shell(
      `for p in ${paths.join(" ")} /proc/1/root${it.secretFile} /proc/self/root${it.keyFile}; do
         cat "$p" 2>/dev/null && echo "READ $p"; ls "$p" 2>/dev/null && echo "LISTED $p"; done; echo done`,
    );
    expect(stdout(done)).toBe("done\n");
    expect(done.text).not.toContain(secret);
  });

  test("the environment of the node, and other processes", async () => {
    const done = await shell(
      `cat /proc/*/environ; env; ls /proc | grep -c '^[0-9]'; kill -9 ${it.node.pid}; echo $?`,
    );
    expect(done.text).not.toContain(secret);
    expect(done.text).not.toContain("ATTACKED_SECRET");
    expect(it.node.running).toBe(true);
  });

  test("writing outside", async () => {
    const marker = `errand-escaped-${process.pid}`;
    const done = await shell(
      `for d in / /bin /etc /usr /proc /proc/sys/kernel /sys /dev /in /var /var/tmp /run /root; do
         echo x 2>/dev/null > $d/${marker} && echo "WROTE $d"; done
       mount -t tmpfs x /bin 2>/dev/null && echo MOUNTED; mount -t proc x /tmp 2>/dev/null && echo MOUNTED
       echo x > /tmp/${marker}; echo done`,
    );
    expect(stdout(done).replace("WROTE /dev\n", "")).toBe("done\n");
    for (const folder of ["/", "/etc", "/tmp", "/dev", tmpdir()])
      expect(existsSync(`${folder}/${marker}`)).toBe(false);
  });

  test("the loopback API, the network, Unix sockets", async () => {
    const addresses = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .filter(({ family }) => family === "IPv4");
    const hosts = ["127.0.0.1", "172.17.0.1", ...addresses.map(({ address }) => address), "192.0.2.1"];
    const before = it.connections();
    const done = await shell(
      `for h in ${hosts.join(" ")}; do for p in ${it.apiPort} ${it.target.port}; do
         echo x | nc -w 1 $h $p >/dev/null 2>&1 && echo "REACHED $h:$p"; done; done
       nc local:${it.target.socket} </dev/null >/dev/null 2>&1 && echo CONNECTED
       tail -n +2 /proc/net/route; echo done`,
    );
    expect(stdout(done)).toBe("done\n");
    expect(it.connections()).toBe(before);
  });

  test("memory bombs: of a process, in /tmp, in shared memory", async () => {
    const heap = await shell("set -o pipefail; tail /dev/zero | wc -c");
    expect(heap.code).toBe("LimitExceeded");
    expect(heap.usage?.peakMemoryBytes ?? 0).toBeLessThan(160 * MiB);
    const full = await shell("dd if=/dev/zero of=/tmp/x bs=1M count=300 2>/dev/null; wc -c < /tmp/x");
    expect(Number(stdout(full))).toBe(32 * MiB);
    const shared = await shell(
      "dd if=/dev/zero of=/dev/shm/x bs=1M count=300 2>/dev/null; wc -c < /dev/shm/x; echo done",
    );
    expect(Number.parseInt(stdout(shared), 10)).toBeLessThanOrEqual(64 * MiB);
  });

  more({
    get node() {
      return it;
    },
    shell,
    stdout,
  });

  test("nothing of all that is left", async () => {
    await until("no container", async () => (await containers()).length === 0, slowMs);
    expect((await stat(it.node.dataDir)).isDirectory()).toBe(true);
    expect(it.node.running).toBe(true);
  });
}
