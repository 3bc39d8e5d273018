/**
 * One `errand up` as a child process, and its data folder. It is the leader of a process group of its own, so that ending it
 * ends all that it started; it is ready when it says so on its first line, never after a while.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chown, mkdir, readFile, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createClient, type ApiClient } from "../../src/api/client.ts";
import type { DaemonReady } from "../../src/api/daemon.ts";
import { dataFiles } from "../../src/node/data-folder.ts";
import type { FileConfig } from "../../src/node/config-file.ts";
import type { Machine } from "./machines.ts";

const errandBin = fileURLToPath(new URL("../../bin/errand.js", import.meta.url));

// Half of a shared core, and a cold compile cache: starting takes a second, rarely several.
const startWithinMs = 25_000;
const stopWithinMs = 20_000;
const stderrKept = 64 * 1024;

export interface ErrandProcess {
  readonly name: string;
  readonly dataDir: string;
  readonly pid: number;
  readonly ready: DaemonReady;
  readonly client: ApiClient;
  readonly token: string;
  /** Resolves with the exit code, or null after a signal. */
  readonly exited: Promise<number | null>;
  readonly running: boolean;
  stderr(): string;
  signal(name: NodeJS.Signals): void;
  /** kill -9 of the process alone, as a crash is; resolves once it is gone. */
  kill(): Promise<void>;
  /** SIGTERM, as an operator stops it; resolves with its exit code. */
  stop(): Promise<number | null>;
  /** Ends it and whatever it started, whatever it does. */
  destroy(): Promise<void>;
}

export interface StartOptions {
  name: string;
  dataDir: string;
  config: FileConfig;
  /** Besides what is left of the test's own environment. */
  env?: Record<string, string>;
  /** Whom it runs as, when the test is root. */
  uid?: number;
  /** Where it runs, if not on this machine's own network. */
  machine?: Machine;
}

/** Children must not inherit what the machine's user has configured. */
function cleanEnv(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([key]) => !/^(ERRAND_|NODE_OPTIONS$|VITEST)/.test(key));
  return { ...Object.fromEntries(kept), NO_COLOR: "1", ERRAND_DEBUG: "1" };
}

// Whoever ends this process in the middle of a test, nothing stays behind.
const groups = new Set<number>();
process.on("exit", () => {
  for (const pid of groups) killGroup(pid);
});

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It is gone already.
  }
}

/** Throws, with what the process wrote to standard error, when it ends before it is ready or takes too long. */
export async function startErrand(options: StartOptions): Promise<ErrandProcess> {
  const { name, dataDir, config, env, uid, machine } = options;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await writeFile(dataFiles(dataDir).configFile, JSON.stringify(config));
  if (uid !== undefined) {
    await chown(dataDir, uid, uid);
    await chown(dataFiles(dataDir).configFile, uid, uid);
  }
  const argv = [process.execPath, errandBin, "up", "--data", dataDir, "-o", "json"];
  const [program = "", ...args] = machine?.inside(argv) ?? argv;
  const child = spawn(program, args, {
    env: { ...cleanEnv(), ...env },
    cwd: dataDir,
    detached: true,
    ...(uid === undefined ? {} : { uid, gid: uid }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${name} could not be spawned`);
  groups.add(pid);
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-stderrKept);
  });
  let running = true;
  const exited = new Promise<number | null>((resolve) => {
    child.once("exit", (code) => {
      running = false;
      resolve(code);
    });
  });
  let ready: DaemonReady;
  try {
    ready = await readyLine(child, exited);
  } catch (error) {
    killGroup(pid);
    // Until its last words are read.
    if (child.stderr.readable) await once(child.stderr, "close");
    throw new Error(`${name}: ${String(error)}\n--- stderr of ${name}\n${stderr}`, { cause: error });
  }
  const token = (await readFile(dataFiles(dataDir).tokenFile, "utf8")).trim();
  const port = Number(new URL(ready.api).port);
  const url = machine === undefined ? ready.api : `http://127.0.0.1:${await machine.forward(port)}`;
  const client = createClient({ url, token });
  const signal = (sent: NodeJS.Signals): void => {
    if (running) process.kill(pid, sent);
  };

  return {
    name,
    dataDir,
    pid,
    ready,
    client,
    token,
    exited,
    get running() {
      return running;
    },
    stderr: () => stderr,
    signal,
    async kill() {
      signal("SIGKILL");
      await exited;
    },
    async stop() {
      signal("SIGTERM");
      return within(stopWithinMs, exited, `${name} did not stop:\n${stderr}`);
    },
    async destroy() {
      client.close();
      killGroup(pid);
      await exited;
      groups.delete(pid);
    },
  };
}

/** What `errand up -o json` says first. */
async function readyLine(child: ChildProcess, exited: Promise<number | null>): Promise<DaemonReady> {
  if (child.stdout === null) throw new Error("no standard output");
  const lines = createInterface({ input: child.stdout });
  const first = new Promise<string>((resolve) => lines.once("line", resolve));
  const ended = exited.then((code) => {
    throw new Error(`it ended with ${String(code)} before it was ready`);
  });
  const line = await within(
    startWithinMs,
    Promise.race([first, ended]),
    `not ready within ${startWithinMs} ms`,
  );
  const said = JSON.parse(line) as DaemonReady & { event?: string };
  if (said.event !== "ready") throw new Error(`its first line is ${line}`);
  return said;
}

async function within<T>(ms: number, promise: Promise<T>, what: string): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(what)), ms);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Memory that the process really has. Linux only, as these tests are. */
export async function rssBytes(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(text)?.[1]) * 1_024;
}
