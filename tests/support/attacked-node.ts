/**
 * A real node that runs code of others, with something to steal: a secret in a file anybody may read, one in its environment,
 * its key, its API, and listeners next to it. An attack is a task; while it runs, the node must answer other tasks.
 */
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isTerminal, type AttemptRecord, type Explanation, type TaskView } from "../../src/node/node.ts";
import type { FileConfig } from "../../src/node/config-file.ts";
import { startErrand, type ErrandProcess } from "./errand-process.ts";

export const secret = "a-secret-that-nobody-may-say";

export interface AttackedNode {
  readonly node: ErrandProcess;
  /** Mode 0644 in a folder that anybody may enter. */
  readonly secretFile: string;
  readonly keyFile: string;
  readonly apiPort: number;
  /** Of a TCP listener on loopback, a Unix socket in the file system, and one in the abstract name space. */
  readonly target: { port: number; socket: string; abstract: string };
  /** Connections that came through to any of them. */
  connections(): number;
  attack(skill: string, input: unknown): Promise<Attack>;
  stop(): Promise<void>;
}

export interface Attack {
  task: TaskView;
  /** Everything that came back, to look for secrets in. */
  text: string;
  /** `LimitExceeded`, …; "" for a task that completed. */
  code: string;
  /** Of the last attempt. */
  usage: { wallMs: number; cpuMs: number; peakMemoryBytes: number } | undefined;
  durationMs: number;
}

export async function startAttackedNode(options: {
  commands?: string[];
  uid?: number;
  config?: FileConfig;
}): Promise<AttackedNode> {
  const folder = await mkdtemp(join(tmpdir(), "errand-escape-"));
  await chmod(folder, 0o755);
  const secretFile = join(folder, "secret.txt");
  await writeFile(secretFile, secret, { mode: 0o644 });
  const abstract = `errand-escape-${process.pid}-${Math.floor(performance.now())}`;
  const target = { port: 0, socket: join(folder, "socket"), abstract };
  let connected = 0;
  const servers: Server[] = [];
  for (const where of [{ host: "127.0.0.1", port: 0 }, { path: target.socket }, { path: `\0${abstract}` }]) {
    const server = createServer((socket) => {
      connected += 1;
      socket.destroy();
    });
    server.listen(where);
    await once(server, "listening");
    servers.push(server);
  }
  await chmod(target.socket, 0o777);
  target.port = ((servers[0] as Server).address() as AddressInfo).port;
  const node = await startErrand({
    name: "attacked",
    dataDir: join(folder, "data"),
    config: {
      api: "127.0.0.1:0",
      listen: ["/ip4/127.0.0.1/tcp/0"],
      allowCode: "everyone",
      commands: options.commands ?? [],
      workerSlots: 4,
      ...options.config,
    },
    env: { ATTACKED_SECRET: secret },
    ...(options.uid === undefined ? {} : { uid: options.uid }),
  });

  async function attack(skill: string, input: unknown): Promise<Attack> {
    const start = performance.now();
    const body = { skill, input, retries: 0, attemptTimeoutMs: 60_000 };
    const { id } = await node.client.call<TaskView>("POST", "/v1/tasks", { body });
    const stop = new AbortController();
    const answering = keepAsking(node, stop.signal);
    answering.catch(() => {});
    let task: TaskView;
    do {
      const query = { timeout: 20 };
      task = await node.client
        .call<TaskView>("GET", `/v1/tasks/${id}/wait`, { query })
        .catch(async () => node.client.call<TaskView>("GET", `/v1/tasks/${id}`));
    } while (!isTerminal(task.status));
    const durationMs = performance.now() - start;
    stop.abort();
    await answering;
    const { attempts } = await node.client.call<Explanation>("GET", `/v1/tasks/${id}/explain`);
    const last: AttemptRecord | undefined = attempts.at(-1);
    return {
      task,
      text: JSON.stringify({ task, last }),
      code: task.error?.code ?? "",
      usage: last?.usage,
      durationMs,
    };
  }

  return {
    node,
    secretFile,
    keyFile: join(
      folder,
      "data",
      readdirSync(join(folder, "data")).find((name) => /key/.test(name)) ?? "no-key",
    ),
    apiPort: Number(new URL(node.ready.api).port),
    target,
    connections: () => connected,
    attack,
    async stop() {
      await node.destroy();
      for (const server of servers) server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Small tasks, one after the other. Throws when one takes longer than a node that is at work may make it wait. */
async function keepAsking(node: ErrandProcess, signal: AbortSignal): Promise<void> {
  for (let asked = 0; !signal.aborted || asked === 0; asked += 1) {
    const body = { skill: "text.stats", input: { text: `words ${asked}` }, cache: false };
    const task = await node.client.call<TaskView>("POST", "/v1/tasks", {
      body,
      query: { wait: 15 },
      timeoutMs: 20_000,
    });
    if (task.status !== "completed") throw new Error(`the node did not answer meanwhile: ${task.status}`);
    await delay(100, undefined, { signal }).catch(() => {});
  }
}

/** Command lines of the processes of the machine, but for what the other test files of this run have running beside. */
export function commandLines(): string[] {
  const found = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ");
        const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
        const parent = Number(stat.slice(stat.lastIndexOf(")")).split(" ")[2]);
        return [{ pid: Number(pid), parent, line }];
      } catch {
        return [];
      }
    });
  const parents = new Map(found.map(({ pid, parent }) => [pid, parent]));
  // The files of a run are processes of one parent. What has lost its own is anybody's, and counts.
  const ofAnotherFile = (pid: number): boolean => {
    const parent = parents.get(pid);
    if (parent === undefined || pid === process.pid) return false;
    return parent === process.ppid || ofAnotherFile(parent);
  };
  return found.filter(({ pid }) => !ofAnotherFile(pid)).map(({ line }) => line);
}
