/** The daemon's life over a data folder, with a fake node inside; and the process around it, as a real process. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ErrandError } from "../../../src/core/errors.ts";
import { silentLog } from "../../../src/core/log.ts";
import { resolveConfig, type NodeConfig } from "../../../src/node/config.ts";
import { dataFiles } from "../../../src/node/data-folder.ts";
import { createClient } from "../../../src/api/client.ts";
import { runDaemon, type DaemonReady } from "../../../src/api/daemon.ts";
import { findEndpoint, readApiFile } from "../../../src/api/endpoint.ts";
import { createFakeNode, type FakeNode } from "../../support/fake-node.ts";
import { fakePeer } from "../../support/fake-views.ts";

let dir: string;
let config: NodeConfig;
let node: FakeNode;
let stop: AbortController;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "errand-daemon-"));
  config = await resolveConfig({ flags: { data: join(dir, "data"), api: "127.0.0.1:0" }, env: {} });
  node = createFakeNode();
  stop = new AbortController();
});

afterEach(async () => {
  stop.abort();
  await rm(dir, { recursive: true, force: true });
});

function start(more: { config?: NodeConfig; node?: FakeNode } = {}): {
  ready: Promise<DaemonReady>;
  ended: Promise<void>;
} {
  const ready = Promise.withResolvers<DaemonReady>();
  const ended = runDaemon(more.config ?? config, {
    signal: stop.signal,
    onReady: ready.resolve,
    log: silentLog,
    createNode: async () => more.node ?? node,
  });
  ended.catch(ready.reject);
  ready.promise.catch(() => undefined);
  return { ready: ready.promise, ended };
}

describe("the daemon", () => {
  test("announces itself in files that only the owner may read, and takes the announcement back", async () => {
    const daemon = start();
    const ready = await daemon.ready;
    expect(ready).toMatchObject({ peerId: fakePeer, dataDir: config.dataDir, skills: ["echo", "hold"] });
    const { apiFile, tokenFile } = dataFiles(config.dataDir);
    expect(await readApiFile(config.dataDir)).toEqual({ url: ready.api, pid: process.pid, peerId: fakePeer });
    expect((await stat(apiFile)).mode & 0o777).toBe(0o600);
    expect((await stat(tokenFile)).mode & 0o777).toBe(0o600);
    expect((await stat(config.dataDir)).mode & 0o777).toBe(0o700);
    const client = createClient(await findEndpoint({ data: config.dataDir, env: {} }));
    expect(await client.call("GET", "/v1/config")).toMatchObject({
      dataDir: config.dataDir,
      preset: "local",
    });
    client.close();
    stop.abort();
    await daemon.ended;
    expect(node).toMatchObject({ started: true, stops: 1 });
    expect(existsSync(apiFile)).toBe(false);
  });

  test("keeps its token over a restart", async () => {
    const first = start();
    await first.ready;
    const token = await readFile(dataFiles(config.dataDir).tokenFile, "utf8");
    stop.abort();
    await first.ended;
    stop = new AbortController();
    const second = start();
    await second.ready;
    expect(await readFile(dataFiles(config.dataDir).tokenFile, "utf8")).toBe(token);
    stop.abort();
    await second.ended;
  });

  test("a shutdown request over the API ends it", async () => {
    const daemon = start();
    await daemon.ready;
    const client = createClient(await findEndpoint({ data: config.dataDir, env: {} }));
    expect(await client.call("POST", "/v1/shutdown")).toEqual({ status: "stopping" });
    client.close();
    await daemon.ended;
    expect(node.stops).toBe(1);
  });

  test("a second one that finds the folder locked leaves the first and its files alone", async () => {
    const first = start();
    const { api } = await first.ready;
    const locked = new ErrandError("Conflict", "in use");
    const second = runDaemon(config, {
      signal: stop.signal,
      log: silentLog,
      createNode: () => Promise.reject(locked),
    });
    await expect(second).rejects.toBe(locked);
    expect(await readApiFile(config.dataDir)).toMatchObject({ url: api });
    expect((await fetch(`${api}/v1/health`)).status).toBe(200);
    stop.abort();
    await first.ended;
  });

  test("an API port in use stops the node that had started", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as { port: number };
    const busy = { ...config, api: { host: "127.0.0.1", port } };
    await expect(start({ config: busy }).ended).rejects.toMatchObject({ code: "Conflict" });
    expect(node.stops).toBe(1);
    taken.close();
  });

  test("a host that is not loopback is refused before anything starts", async () => {
    const open = { ...config, api: { host: "0.0.0.0", port: 0 } };
    await expect(start({ config: open }).ended).rejects.toMatchObject({ code: "InvalidConfig" });
    expect(existsSync(config.dataDir)).toBe(false);
  });

  test("a node that fails to stop takes its announcement back all the same", async () => {
    node.stop = () => Promise.reject(new Error("stuck"));
    const first = start();
    await first.ready;
    stop.abort();
    await expect(first.ended).rejects.toThrow("stuck");
    expect(existsSync(dataFiles(config.dataDir).apiFile)).toBe(false);
  });
});

describe("finding the node", () => {
  test("a leftover of a crash counts as no node, so that its port is not sent the token", async () => {
    const child = execFile(process.execPath, ["--version"]);
    await once(child, "exit");
    const gone = child.pid;
    await writeFile(
      dataFiles(dir).apiFile,
      JSON.stringify({ url: "http://127.0.0.1:1", pid: gone, peerId: "x" }),
    );
    await expect(findEndpoint({ data: dir, env: {} })).rejects.toMatchObject({
      code: "NodeUnreachable",
      hint: expect.stringContaining("errand up"),
    });
  });

  test("--api beats --data's node, which beats ERRAND_API, which beats the default folder's", async () => {
    const env = { ERRAND_API: "127.0.0.1:2", ERRAND_DATA: dir };
    await writeFile(
      dataFiles(dir).apiFile,
      JSON.stringify({ url: "http://127.0.0.1:3", pid: process.pid, peerId: "x" }),
    );
    expect((await findEndpoint({ api: "127.0.0.1:1", data: dir, env })).url).toBe("http://127.0.0.1:1");
    expect((await findEndpoint({ data: dir, env })).url).toBe("http://127.0.0.1:3");
    expect((await findEndpoint({ env })).url).toBe("http://127.0.0.1:2");
    expect((await findEndpoint({ env: { ERRAND_DATA: dir } })).url).toBe("http://127.0.0.1:3");
  });

  test.each(["ftp://127.0.0.1", "http://", "http://127.0.0.1:1/path", "not a url"])(
    "%s is no address",
    async (api) => {
      await expect(findEndpoint({ api, env: {} })).rejects.toMatchObject({ code: "InvalidInput" });
    },
  );
});

describe("the process around it", () => {
  /** Supervises a run that waits for its signal; `extra` is what else the program does once it says "up". */
  function supervised(
    extra: string,
    run = "await once(signal, 'abort'); console.log('down')",
    stopWithinMs = 20_000,
  ) {
    const url = (path: string): string => new URL(`../../../src/${path}`, import.meta.url).href;
    const program = `
      import { once } from "node:events";
      import { supervise } from ${JSON.stringify(url("api/supervise.ts"))};
      import { silentLog } from ${JSON.stringify(url("core/log.ts"))};
      const alive = setInterval(() => {}, 1000);
      process.exitCode = await supervise(async (signal) => {
        console.log("up");
        ${extra};
        ${run};
      }, { log: silentLog, stopWithinMs: ${stopWithinMs}, onSignal: () => console.log("stopping") });
      clearInterval(alive);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines: string[] = [];
    const reader = createInterface({ input: child.stdout });
    reader.on("line", (line) => lines.push(line));
    return { child, lines, up: once(reader, "line"), exit: once(child, "close") };
  }

  test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("%s stops it gracefully", async (name) => {
    const { child, lines, up, exit } = supervised("");
    await up;
    child.kill(name);
    expect(await exit).toEqual([0, null]);
    expect(lines).toEqual(["up", "stopping", "down"]);
  });

  test.each(["setImmediate(() => { throw new Error('x') })", "void Promise.reject(new Error('x'))"])(
    "an error nobody caught takes it down cleanly, with exit code 1: %s",
    async (extra) => {
      const { lines, exit } = supervised(extra);
      expect(await exit).toEqual([1, null]);
      expect(lines).toEqual(["up", "down"]);
    },
  );

  test("a second signal ends it at once", async () => {
    const { child, lines, up, exit } = supervised("", "await new Promise(() => {})");
    await up;
    const stopping = once(child.stdout, "data");
    child.kill("SIGINT");
    await stopping;
    child.kill("SIGINT");
    expect(await exit).toEqual([1, null]);
    expect(lines).toEqual(["up", "stopping"]);
  });

  test("a stop that hangs is ended", async () => {
    const { child, up, exit } = supervised("", "await new Promise(() => {})", 300);
    await up;
    child.kill("SIGTERM");
    expect(await exit).toEqual([1, null]);
  });
});
