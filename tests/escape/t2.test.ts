/**
 * Programs that try to get out of tier T2, in a real node with a real Docker engine: busybox, in an image that was imported on the
 * spot, with the bounds that a run gets when nobody says anything. Left out with the reason where no engine can be had.
 */
import { existsSync } from "node:fs";
import { stat, statfs } from "node:fs/promises";
import { networkInterfaces, tmpdir } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  commandLines,
  secret,
  startAttackedNode,
  type Attack,
  type AttackedNode,
} from "../support/attacked-node.ts";
import { startTestEngine } from "../support/container-engine.ts";
import { until } from "../support/until.ts";

const engine = await startTestEngine();
const missing = "missing" in engine ? engine.missing : undefined;
const slowMs = 120_000;
const MiB = 1024 * 1024;

describe.skipIf(missing === undefined)(`T2: left out, ${missing}`, () => test("all of it", () => {}));

describe.skipIf(missing !== undefined)("T2", { timeout: slowMs }, () => {
  let it: AttackedNode;
  beforeAll(async () => {
    if ("missing" in engine) return;
    const containers = { socket: engine.socket, images: ["busybox"] };
    it = await startAttackedNode({ config: { containers } });
  }, slowMs);
  afterAll(async () => {
    await it?.stop();
    if (!("missing" in engine)) await engine.close();
  }, slowMs);

  const shell = (script: string, more: object = {}): Promise<Attack> =>
    it.attack("container.run", { image: "busybox", command: ["sh", "-c", script], ...more });
  const stdout = ({ task }: Attack): string => (task.output as { stdout?: string } | null)?.stdout ?? "";
  const containers = (): Promise<unknown[]> =>
    "missing" in engine
      ? Promise.resolve([])
      : engine.engine.call("GET", "/containers/json?all=1", { signal: AbortSignal.timeout(20_000) });

  test("files: a secret, the node's key, its data folder, the engine's socket", async () => {
    const socket = "missing" in engine ? "" : engine.socket;
    const paths = [
      it.secretFile,
      it.keyFile,
      it.node.dataDir,
      "/etc/shadow",
      "/root",
      "/home",
      socket,
      "/run/docker.sock",
    ];
    const done = await shell(
      `for p in ${paths.join(" ")} /proc/1/root${it.secretFile} /proc/self/root${it.keyFile}; do
         cat "$p" 2>/dev/null && echo "READ $p"; ls "$p" 2>/dev/null && echo "LISTED $p"; done; echo done`,
    );
    expect(stdout(done)).toBe("done\n");
    expect(done.text).not.toContain(secret);
  });

  test("symlinks and hard links lead nowhere", async () => {
    const done = await shell(
      `ln -s ${it.secretFile} /tmp/a; ln -s /proc/1/root /tmp/b; ln ${it.secretFile} /tmp/c
       cat /tmp/a /tmp/b${it.secretFile} /tmp/c /proc/1/cwd/../..${it.secretFile}; echo done`,
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
      `for d in / /bin /etc /usr /proc /proc/sys/kernel /sys /dev /in /var; do
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

  test("a fork bomb", async () => {
    const bomb = "b() { b | b & }; b; sleep 3; echo done";
    const done = await shell(bomb, { timeoutSeconds: 20 });
    expect(["", "LimitExceeded", "SkillFailed"]).toContain(done.code);
    await until(
      "the bomb is gone",
      () => !commandLines().some((line) => line.includes("b() { b | b & }")),
      slowMs,
    );
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

  test("a disk bomb finds no disk, and a flood of output has no file", async () => {
    const free = async (): Promise<number> => {
      const { bavail, bsize } = await statfs(tmpdir());
      return bavail * bsize;
    };
    const before = await free();
    const flood = await shell("yes errand-errand-errand-errand-errand-errand", { timeoutSeconds: 20 });
    expect(flood.code).toBe("LimitExceeded");
    const errors = await shell(
      "head -c 200m /dev/zero | tr '\\0' 'x' >&2; yes | head -c 100m >&2; echo done",
      { timeoutSeconds: 30 },
    );
    expect(["", "LimitExceeded"]).toContain(errors.code);
    expect(before - (await free())).toBeLessThan(100 * MiB);
  });

  test("an endless loop, and orphans that outlive their parent", async () => {
    const loop = await shell("while true; do :; done", { timeoutSeconds: 1.5 });
    expect(loop.code).toBe("LimitExceeded");
    expect(loop.durationMs).toBeLessThan(60_000);
    const mark = `31415.${process.pid}`;
    expect(
      stdout(
        await shell(
          `(trap '' TERM HUP INT; sleep ${mark}) & (setsid sleep ${mark} &) 2>/dev/null; echo left`,
        ),
      ),
    ).toBe("left\n");
    await until("the orphans are gone", () => !commandLines().some((line) => line.includes(mark)), slowMs);
  });

  test("nothing of all that is left", async () => {
    await until("no container", async () => (await containers()).length === 0, slowMs);
    expect((await stat(it.node.dataDir)).isDirectory()).toBe(true);
    expect(it.node.running).toBe(true);
  });
});
