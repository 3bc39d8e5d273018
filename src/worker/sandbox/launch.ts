/**
 * A started process of a run, however it was started: its pipes, how to end all of it, and what it used. `t1.ts` starts one in
 * a sandbox, this file a plain one in a process group of its own.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { groupGone } from "../../skills/process-group.ts";
import { endGroup } from "../executors/process-group.ts";
import type { Janitor } from "./janitor.ts";
import { watchTree, type TreeUsage } from "./rss-watch.ts";

export interface Launched {
  child: ChildProcess;
  stdin: Writable;
  stdout: Readable;
  stderr: Readable;
  /** File descriptor 3 of the process: for progress. */
  reports: Readable | undefined;
  /** Asks it to end. */
  terminate(): void;
  /** Ends all of it, now. */
  kill(): void;
  /**
   * To be called once the process has ended: resolves when nothing of it is left, with what it used and, in words, the
   * limit that it was ended for.
   */
  finish(): Promise<TreeUsage & { breach: string | undefined }>;
}

export interface PlainLaunch {
  argv: readonly [string, ...string[]];
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Of the process and what it starts; 0 for no bound. */
  memoryBytes: number;
  janitor: Janitor;
}

/** Throws what `spawn` reports when it cannot be started. */
export async function launchPlain(request: PlainLaunch): Promise<Launched> {
  const [file, ...args] = request.argv;
  const child = spawn(file, args, {
    cwd: request.cwd,
    env: request.env,
    detached: process.platform !== "win32",
    shell: false,
    stdio: ["pipe", "pipe", "pipe", "pipe"],
    windowsHide: true,
  });
  const streams = streamsOf(child);
  await once(child, "spawn");
  const release = request.janitor.guard(child.pid === undefined ? {} : { group: child.pid });
  let breach: string | undefined;
  const watch = watchTree(child.pid, {
    memoryBytes: request.memoryBytes,
    exceeded: () => {
      breach = memoryBreach(request.memoryBytes);
      endGroup(child, "SIGKILL");
    },
  });
  return {
    child,
    ...streams,
    terminate: () => endGroup(child, "SIGTERM"),
    kill: () => endGroup(child, "SIGKILL"),
    async finish() {
      endGroup(child, "SIGKILL");
      const usage = watch.stop();
      await groupGone(child.pid);
      release();
      return { ...usage, breach };
    },
  };
}

export function streamsOf(child: ChildProcess): Pick<Launched, "stdin" | "stdout" | "stderr" | "reports"> {
  const [stdin, stdout, stderr, reports] = child.stdio as unknown as [Writable, Readable, Readable, Readable];
  // A process may end without reading; that alone is no failure. The same for pipes that break when it is killed.
  for (const stream of [stdin, stdout, stderr, reports]) stream?.on("error", () => {});
  return { stdin, stdout, stderr, reports };
}

export function memoryBreach(memoryBytes: number): string {
  return `it used more than the ${Math.round(memoryBytes / 1024 ** 2)} MB of memory that it may`;
}
