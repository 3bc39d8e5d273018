/** The processes of the demo: starts nodes, knows whether they live, and leaves nothing behind however it ends. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, rmSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createClient, type ApiClient } from "../../src/api/client.ts";
import { configOf, type CastMember } from "./peers.ts";

export interface RunningNode {
  name: string;
  pid: number;
  peerId: string;
  addresses: string[];
  skills: string[];
  dataDir: string;
  client: ApiClient;
  /** From starting the process to its word that it is ready. */
  startMs: number;
  /** As `kill -9` does: no goodbye. Resolves when the process is gone. */
  kill(): Promise<void>;
}

export interface Mesh {
  /** One file for each node. */
  readonly logs: string;
  /** Resolves when the node is ready. Throws the signal's reason, or why it did not start. */
  start(member: CastMember, bootstrap: readonly string[], signal: AbortSignal): Promise<RunningNode>;
  /** Ends all processes. Resolves with the names of those that had to be killed. */
  stop(): Promise<string[]>;
  /** Removes all files, or all but the logs. */
  clean(options: { keepLogs: boolean }): Promise<void>;
}

interface Ready {
  event: string;
  peerId: string;
  addresses: string[];
  api: string;
  skills: string[];
}

const errand = fileURLToPath(new URL("../../bin/errand.js", import.meta.url));
const readyWithinMs = 20_000;
const stopWithinMs = 8_000;

export async function createMesh(): Promise<Mesh> {
  const folder = await mkdtemp(join(tmpdir(), "errand-demo-"));
  const logs = join(folder, "logs");
  await mkdir(logs);
  const children = new Map<string, ChildProcess>();
  const clients: ApiClient[] = [];
  // Whatever ends this process, the nodes end with it.
  const abandon = (): void => {
    for (const child of children.values()) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", abandon);

  return {
    logs,
    async start(member, bootstrap, signal) {
      const { name } = member;
      const startedAt = performance.now();
      const dataDir = join(folder, "data", name);
      await mkdir(dataDir, { recursive: true, mode: 0o700 });
      // YAML contains JSON, so this is a configuration file like any other.
      await writeFile(
        join(dataDir, "errand.yaml"),
        JSON.stringify(configOf(member, bootstrap), undefined, 2),
      );
      const logFile = join(logs, `${name}.log`);
      const child = launch(dataDir, logFile);
      children.set(name, child);
      const exited = once(child, "exit").then(() => children.delete(name));
      const ready = await firstLine(child, name, logFile, signal);
      const token = (await readFile(join(dataDir, "api.token"), "utf8")).trim();
      const client = createClient({ url: ready.api, token });
      clients.push(client);
      return {
        name,
        pid: child.pid as number,
        peerId: ready.peerId,
        addresses: ready.addresses,
        skills: ready.skills,
        dataDir,
        client,
        startMs: performance.now() - startedAt,
        async kill() {
          child.kill("SIGKILL");
          await exited;
        },
      };
    },
    async stop() {
      for (const client of clients) client.close();
      const late: string[] = [];
      await Promise.all(
        Array.from(children, async ([name, child]) => {
          const gone = once(child, "exit").then(() => true);
          child.kill("SIGTERM");
          if (await Promise.race([gone, delay(stopWithinMs, false, { ref: false })])) return;
          late.push(name);
          child.kill("SIGKILL");
          await gone;
        }),
      );
      process.off("exit", abandon);
      return late;
    },
    async clean({ keepLogs }) {
      await rm(keepLogs ? join(folder, "data") : folder, { recursive: true, force: true });
    },
  };
}

function launch(dataDir: string, logFile: string): ChildProcess {
  const log = openSync(logFile, "w");
  // What the shell says to its own node is not for these.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("ERRAND_")));
  try {
    return spawn(process.execPath, [errand, "up", "-o", "json", "--data", dataDir], {
      stdio: ["ignore", "pipe", log],
      env,
    });
  } finally {
    closeSync(log);
  }
}

/** What the node says when it is ready. Throws with the end of its log when it never does. */
async function firstLine(
  child: ChildProcess,
  name: string,
  logFile: string,
  signal: AbortSignal,
): Promise<Ready> {
  const lines = createInterface({ input: child.stdout as Readable });
  const [line] = (await Promise.race([
    once(lines, "line", { signal }),
    once(child, "exit").then(() => [undefined]),
    delay(readyWithinMs, [undefined], { ref: false }),
  ])) as [string | undefined];
  const said = line === undefined ? undefined : (JSON.parse(line) as Ready);
  if (said?.event === "ready") return said;
  const log = (await readFile(logFile, "utf8")).trim().split("\n").slice(-5).join("\n  ");
  throw new Error(
    `the node ${name} did not start within ${readyWithinMs / 1_000} s; its log ends with\n  ${log}`,
  );
}
