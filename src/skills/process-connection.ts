/**
 * One skill process as its starter sees it: spawned as the leader of a group of its own, with a clean environment, greeted,
 * spoken to in bounded lines, and ended as a whole. It knows no runs: the loader uses it to learn what a process offers, the
 * worker to have it work.
 */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { homedir, tmpdir } from "node:os";
import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";
import type { Clock } from "../core/clock.ts";
import { ErrandError } from "../core/errors.ts";
import { safeMessage } from "../core/limits.ts";
import { groupGone } from "./process-group.ts";
import { readStderr, readStdout } from "./process-lines.ts";
import { processProtocol } from "./process-messages.ts";
import type { FromProcess, ProcessHello, ToProcess } from "./process-messages.ts";
import type { ProcessSource } from "./skill.ts";

export interface ProcessConnection {
  readonly pid: number;
  readonly hello: ProcessHello;
  send(message: ToProcess): void;
  /** The same with an input that is JSON text already. */
  sendRun(message: Omit<Extract<ToProcess, { type: "run" }>, "input" | "inputFile">, input: Uint8Array): void;
  /** Asks it to end by closing its standard input, and ends it with all it started after a while. Resolves when it is gone. */
  end(graceMs: number): Promise<void>;
  /** Ends it now. */
  kill(): void;
  /** Resolves when it is gone, whoever ended it, with a sentence about how. */
  readonly gone: Promise<string>;
}

export interface ConnectOptions {
  clock: Clock;
  signal: AbortSignal;
  /** Of everything after the hello. */
  onMessage(message: Exclude<FromProcess, ProcessHello>): void;
  /** A line of standard error. */
  onStderr?(line: string): void;
}

/** Where `import errand_skill` finds the helper for Python, from sources and from what is shipped alike. */
export const pythonHelperDir = fileURLToPath(new URL("./python", import.meta.url));

const startMs = 20_000;
/** Pipes held open by a child that outlived it get so long to run dry. */
const drainMs = 300;

/** Resolves after its hello. Throws `SkillFailed` with what it wrote to standard error when it cannot start or breaks the protocol. */
export async function connectProcess(
  source: ProcessSource,
  options: ConnectOptions,
): Promise<ProcessConnection> {
  const { clock, signal } = options;
  signal.throwIfAborted();
  const child = await launch(source);
  const pid = child.pid as number;
  const stderr = readStderr(child.stderr, options.onStderr ?? (() => {}));
  // Why it had to be ended, if somebody did.
  let fault = "";
  const kill = (): void => killGroup(child);
  const breakOff = (why: string): void => {
    if (fault === "") fault = why;
    kill();
  };
  const hello = Promise.withResolvers<ProcessHello>();
  hello.promise.catch(() => {});
  let greeted = false;
  readStdout(child.stdout, clock, breakOff, (message) => {
    if (message.type !== "hello") {
      if (greeted) options.onMessage(message);
      else breakOff("it spoke before its hello");
    } else if (greeted) breakOff("it said hello twice");
    else {
      greeted = true;
      hello.resolve(message);
    }
  });
  child.stdin.on("error", () => {});
  // A signal that cannot be sent: whoever waits for the end sees to it.
  child.on("error", () => {});
  const gone = ended(child, clock).then(({ code, how }) => {
    const end = code === null ? `was ended by ${how ?? "a signal"}` : `ended with exit code ${code}`;
    const tail = stderr.tail();
    return safeMessage(`${fault === "" ? `it ${end}` : fault}${tail === "" ? "" : `: ${tail}`}`);
  });
  void gone.then((how) => hello.reject(new ErrandError("SkillFailed", `before its hello ${how}`)));
  const abort = (): void => {
    hello.reject(signal.reason);
    kill();
  };
  signal.addEventListener("abort", abort, { once: true });
  const cancelStart = clock.after(source.startMs ?? startMs, () =>
    breakOff(`it said no hello within ${(source.startMs ?? startMs) / 1_000} s`),
  );
  try {
    const said = await hello.promise;
    return {
      pid,
      hello: said,
      send: (message) => void child.stdin.write(`${JSON.stringify(message)}\n`),
      sendRun(message, input) {
        const head = JSON.stringify(message);
        child.stdin.write(Buffer.concat([Buffer.from(`${head.slice(0, -1)},"input":`), input, closing]));
      },
      kill,
      gone,
      async end(graceMs) {
        child.stdin.end();
        const cancelKill = clock.after(graceMs, kill);
        await gone;
        cancelKill();
      },
    };
  } catch (error) {
    kill();
    await gone;
    throw error;
  } finally {
    cancelStart();
    signal.removeEventListener("abort", abort);
  }
}

const closing = Buffer.from("}\n");
const grouped = process.platform !== "win32";

async function launch(source: ProcessSource): Promise<ChildProcessWithoutNullStreams> {
  const [file, ...args] = source.argv as [string, ...string[]];
  try {
    const child = spawn(file, args, {
      cwd: source.cwd,
      env: environment(source.env),
      detached: grouped,
      shell: false,
      stdio: ["pipe", "pipe", "pipe"],
      windowsHide: true,
    });
    await once(child, "spawn");
    return child;
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    throw new ErrandError(
      "SkillFailed",
      `its process could not be started: ${missing ? `there is no ${file}` : (cause as Error).message}`,
      {
        hint: /python/.test(file)
          ? "Install Python 3.9 or newer; on Debian: apt install python3."
          : "Check that the program is installed and may be executed.",
        cause,
      },
    );
  }
}

/**
 * Nothing of the node's own environment but where programs and the user's own files are: packages and models that the
 * operator has installed are found by them.
 */
function environment(declared: Record<string, string> | undefined): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {
    PATH: process.env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin",
    HOME: homedir(),
    TMPDIR: tmpdir(),
    LANG: process.env["LANG"] ?? "C.UTF-8",
    ERRAND_SKILL_PROTOCOL: String(processProtocol),
    PYTHONPATH: pythonHelperDir,
    PYTHONUNBUFFERED: "1",
    // Nothing is left beside the operator's files.
    PYTHONDONTWRITEBYTECODE: "1",
  };
  if (process.platform === "win32" && process.env["SystemRoot"] !== undefined)
    env["SystemRoot"] = process.env["SystemRoot"];
  Object.assign(env, declared);
  const own = declared?.["PYTHONPATH"];
  if (own !== undefined) env["PYTHONPATH"] = `${own}${delimiter}${pythonHelperDir}`;
  return env;
}

function killGroup(child: ChildProcessWithoutNullStreams): void {
  try {
    if (grouped) process.kill(-(child.pid as number), "SIGKILL");
    else child.kill("SIGKILL");
  } catch {
    // ESRCH: all gone.
  }
}

function ended(
  child: ChildProcessWithoutNullStreams,
  clock: Clock,
): Promise<{ code: number | null; how: NodeJS.Signals | null }> {
  const { promise, resolve } = Promise.withResolvers<{ code: number | null; how: NodeJS.Signals | null }>();
  let cancelDrain = (): void => {};
  child.once("exit", () => {
    killGroup(child);
    cancelDrain = clock.after(drainMs, () => {
      child.stdout.destroy();
      child.stderr.destroy();
      child.stdin.destroy();
    });
  });
  child.once("close", (code, how) => {
    cancelDrain();
    void groupGone(child.pid).then(() => resolve({ code, how }));
  });
  return promise;
}
