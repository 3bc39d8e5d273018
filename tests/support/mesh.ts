/**
 * A mesh of real nodes: processes of `errand up` on loopback, each with a data folder of its own, joined through the first. The
 * tests of tests/network/ speak to them as users do, by the command line or by its client.
 */
import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SubmissionJson } from "../../src/api/submission.ts";
import type { FileConfig } from "../../src/node/config-file.ts";
import {
  isTerminal,
  type Explanation,
  type NodeStatus,
  type PeerView,
  type TaskView,
} from "../../src/node/node.ts";
import { startErrand, type ErrandProcess } from "./errand-process.ts";
import type { Machine } from "./machines.ts";
import { startCli, type CliResult, type RunningCli } from "./run-cli.ts";
import { until } from "./until.ts";

export interface MeshNode {
  readonly name: string;
  readonly dataDir: string;
  readonly peerId: string;
  /** Where others join, with /p2p. Changes with a restart unless `listen` names a port. */
  readonly address: string;
  /** The process of now; another after `restart`. */
  readonly process: ErrandProcess;
  /** Starts it again on its folder, once its process has ended. */
  restart(more?: FileConfig): Promise<void>;
  call<T>(method: string, path: string, options?: CallOptions): Promise<T>;
  status(): Promise<NodeStatus>;
  peers(): Promise<PeerView[]>;
  submit(submission: SubmissionJson): Promise<TaskView>;
  task(id: string): Promise<TaskView>;
  explain(id: string): Promise<Explanation>;
  /** The view at the end. Throws when it takes longer. */
  ended(id: string, withinMs?: number): Promise<TaskView>;
  /** Submits and waits for the end. */
  run(submission: SubmissionJson, withinMs?: number): Promise<TaskView>;
  cli(...args: string[]): CliRun;
}

type CallOptions = Parameters<ErrandProcess["client"]["call"]>[2];

export interface CliRun extends RunningCli {
  readonly done: Promise<CliDone>;
}

export interface CliDone extends CliResult {
  /** Standard output as one JSON document. */
  // oxlint-disable-next-line typescript/no-explicit-any -- a test says what it expects
  readonly json: any;
}

export interface Mesh {
  /** For files of the tests; removed with the mesh. */
  readonly folder: string;
  readonly nodes: MeshNode[];
  /** Starts a node; it joins through the first one unless `bootstrap` says otherwise. */
  start(name: string, config?: FileConfig, machine?: Machine): Promise<MeshNode>;
  /** Resolves when each of `nodes` has the card of each other and offers nothing unknown. */
  joined(...nodes: MeshNode[]): Promise<void>;
  /** What the nodes wrote to standard error. */
  log(): string;
  close(): Promise<void>;
}

export async function createMesh(): Promise<Mesh> {
  const folder = await mkdtemp(join(tmpdir(), "errand-mesh-"));
  const nodes: MeshNode[] = [];
  const started: ErrandProcess[] = [];
  const runs = new Set<ChildProcess>();

  async function start(name: string, given: FileConfig = {}, machine?: Machine): Promise<MeshNode> {
    const dataDir = join(folder, name);
    const first = nodes[0];
    const config: FileConfig = {
      name,
      listen: ["/ip4/127.0.0.1/tcp/0"],
      api: "127.0.0.1:0",
      workerSlots: 2,
      ...(first !== undefined && { bootstrap: [first.address] }),
      ...given,
    };
    const launch = async (settings: FileConfig): Promise<ErrandProcess> => {
      const child = await startErrand({
        name,
        dataDir,
        config: settings,
        ...(machine !== undefined && { machine }),
      });
      started.push(child);
      return child;
    };
    const node = nodeOf(name, dataDir, await launch(config), (more) => launch({ ...config, ...more }), runs);
    nodes.push(node);
    return node;
  }

  return {
    folder,
    nodes,
    start,
    async joined(...among) {
      for (const node of among) {
        await until(`${node.name} knows ${among.length - 1} others`, async () => {
          const known = new Set((await node.peers()).filter(({ agent }) => agent !== "").map(({ id }) => id));
          return among.every((other) => other === node || known.has(other.peerId));
        });
      }
    },
    log: () => started.map((one) => `--- ${one.name} (${one.pid})\n${one.stderr()}`).join("\n"),
    async close() {
      for (const child of runs) child.kill("SIGKILL");
      await Promise.all(started.map((one) => one.destroy()));
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function nodeOf(
  name: string,
  dataDir: string,
  firstProcess: ErrandProcess,
  relaunch: (more: FileConfig) => Promise<ErrandProcess>,
  runs: Set<ChildProcess>,
): MeshNode {
  let current = firstProcess;
  const call: MeshNode["call"] = (method, path, options) => current.client.call(method, path, options);

  async function ended(id: string, withinMs = 25_000): Promise<TaskView> {
    const end = performance.now() + withinMs;
    for (;;) {
      const leftMs = end - performance.now();
      const query = { timeout: Math.min(Math.max(leftMs, 0), 20_000) / 1_000 };
      const task = await call<TaskView>("GET", `/v1/tasks/${id}/wait`, { query });
      if (isTerminal(task.status)) return task;
      if (performance.now() >= end) {
        const { summary } = await call<Explanation>("GET", `/v1/tasks/${id}/explain`);
        throw new Error(`task ${id} is ${task.status} after ${withinMs} ms: ${summary}`);
      }
    }
  }

  return {
    name,
    dataDir,
    get peerId() {
      return current.ready.peerId;
    },
    get address() {
      return current.ready.addresses[0] ?? "";
    },
    get process() {
      return current;
    },
    async restart(more = {}) {
      current = await relaunch(more);
    },
    call,
    status: () => call("GET", "/v1/status"),
    peers: async () => (await call<{ peers: PeerView[] }>("GET", "/v1/peers")).peers,
    submit: (body) => call("POST", "/v1/tasks", { body }),
    task: (id) => call("GET", `/v1/tasks/${id}`),
    explain: (id) => call("GET", `/v1/tasks/${id}/explain`),
    ended,
    async run(submission, withinMs) {
      const { id } = await call<TaskView>("POST", "/v1/tasks", { body: submission });
      return ended(id, withinMs);
    },
    cli: (...args) => command([...args, "--data", dataDir], dataDir, runs),
  };
}

/** One command in a process of its own. */
function command(args: string[], cwd: string, runs: Set<ChildProcess>): CliRun {
  const running = startCli(args, { cwd });
  runs.add(running.child);
  const done = running.result.then((result) => {
    runs.delete(running.child);
    return {
      ...result,
      get json() {
        return JSON.parse(result.stdout) as unknown;
      },
    };
  });
  return { ...running, done };
}
