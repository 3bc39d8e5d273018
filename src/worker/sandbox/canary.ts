/**
 * The canaries of tiers T0 and T1: a memory bomb, a connection to this very machine and an endless loop are tried inside,
 * and the tier is there when all of them were bounded. Whatever goes wrong is the reason that the doctor shows.
 */
import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import type { Clock } from "../../core/clock.ts";
import { toErrandError } from "../../core/errors.ts";
import { createVoice } from "../pace.ts";
import { converse } from "./conversation.ts";
import { defaultRunLimits } from "../../skills/run-limits.ts";
import type { Guest, T0 } from "./t0.ts";
import { findProgram, type T1 } from "./t1.ts";
import type { Tier, TierReport } from "./tiers.ts";

const MiB = 1024 * 1024;
const bombBytes = 32 * MiB;
const bombMs = 10_000;
const loopMs = 250;

export interface Canaries {
  tiers: Tier[];
  /** After T1's canary: whether a T0 child starts inside it. */
  hardens(): boolean;
}

export function createCanaries(parts: { t0: T0; openT1: () => Promise<T1>; clock: Clock }): Canaries {
  let hardens = false;
  const t0: Tier = {
    name: "T0",
    title: "WebAssembly in a process of its own",
    check: (signal) => checkT0(parts.t0, signal),
  };
  const t1: Tier = {
    name: "T1",
    title: "bubblewrap, seccomp, limits and a cgroup",
    async check(signal) {
      const { report, inside } = await checkT1(parts, signal);
      hardens = inside;
      return report;
    },
  };
  return { tiers: [t0, t1], hardens: () => hardens };
}

/** What a step came to: `undefined` when it went as it should, else what did not. */
type Step = readonly [name: string, run: () => Promise<string | undefined>];

async function walk(
  tier: Tier["name"],
  steps: readonly Step[],
  good: () => string,
  hint: string,
): Promise<TierReport> {
  const tried: string[] = [];
  for (const [name, run] of steps) {
    let wrong: string | undefined;
    try {
      wrong = await run();
    } catch (error) {
      wrong = toErrandError(error).message;
    }
    tried.push(`${name}: ${wrong ?? "as it should"}`);
    if (wrong !== undefined) return { tier, ok: false, message: `${name}: ${wrong}`, hint, tried };
  }
  return { tier, ok: true, message: good(), hint: "", tried };
}

const reach = "[typeof fetch, typeof require, typeof process, typeof WebSocket, typeof setTimeout].join()";
const nothing = Array.from({ length: 5 }, () => "undefined").join();

async function checkT0(t0: T0, signal: AbortSignal): Promise<TierReport> {
  const steps: Step[] = [
    [
      "nothing of the host is in reach",
      async () => {
        const value = await inT0(t0, reach, "expression", {}, signal);
        return value === JSON.stringify(nothing) ? undefined : `it saw ${value}`;
      },
    ],
    [
      "a memory bomb is bounded",
      () =>
        endsWith("LimitExceeded", () =>
          inT0(
            t0,
            "const a = []; for (;;) a.push(new Array(1e5).fill(1))",
            "program",
            { memoryBytes: bombBytes },
            signal,
          ),
        ),
    ],
    [
      "an endless loop is ended",
      () => endsWith("LimitExceeded", () => inT0(t0, "for (;;);", "program", { wallMs: loopMs }, signal)),
    ],
  ];
  const hint = "Check that Node.js may start processes of itself.";
  return walk("T0", steps, () => "JavaScript, Python and WASI modules, in WebAssembly", hint);
}

async function inT0(
  t0: T0,
  code: string,
  form: "expression" | "program",
  limits: Partial<typeof defaultRunLimits>,
  signal: AbortSignal,
  within?: T1,
): Promise<string> {
  const guest: Guest = { kind: "javascript", form, code, input: null };
  const run = { guest, limits: { ...defaultRunLimits, ...limits }, within, signal, progress() {}, log() {} };
  return Buffer.from((await t0.run(run)).result).toString("utf8");
}

async function endsWith(code: string, run: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await run();
    return "it went through";
  } catch (error) {
    const found = toErrandError(error);
    return found.code === code ? undefined : found.message;
  }
}

async function checkT1(
  { t0, openT1, clock }: { t0: T0; openT1: () => Promise<T1>; clock: Clock },
  signal: AbortSignal,
): Promise<{ report: TierReport; inside: boolean }> {
  let t1: T1 | undefined;
  let inside = false;
  const opened = (): T1 => t1 as T1;
  const steps: Step[] = [
    [
      "its programs are here",
      async () => {
        t1 = await openT1();
        return undefined;
      },
    ],
    [
      "a process starts in it, and sees nobody else",
      async () => {
        // The shell itself is process 2: bubblewrap is the only other.
        const { code, stdout, tail } = await inT1(
          opened(),
          clock,
          signal,
          "echo $$; ls /proc | grep -c '^[0-9]'",
        );
        const [own = "0"] = stdout.toString().split("\n");
        return code === 0 && Number(own) <= 3 ? undefined : tail === "" ? `exit code ${code}` : tail;
      },
    ],
    [
      "a memory bomb is bounded",
      () => endsWith("LimitExceeded", () => inT1(opened(), clock, signal, "tail /dev/zero")),
    ],
    ["a connection to this machine is refused", () => connects(opened(), clock, signal)],
    [
      "T0 starts inside it",
      async () => {
        // Not its own condition: T0 holds without it. It fails where Node lies in a folder of root's alone.
        inside = await inT0(t0, "1", "expression", {}, signal, opened()).then(
          (value) => value === "1",
          () => false,
        );
        return undefined;
      },
    ],
  ];
  const hint =
    "On Debian: apt install bubblewrap. User namespaces must be allowed: see user.max_user_namespaces, and AppArmor on Ubuntu.";
  const report = await walk(
    "T1",
    steps,
    () => `${opened().title}${inside ? "" : "; T0 does not start inside it"}`,
    hint,
  );
  if (report.ok && !inside) {
    const last =
      "T0 starts inside it: no; perhaps the folders of Node.js or of Errand are closed to the sandbox's user";
    return { report: { ...report, tried: [...report.tried.slice(0, -1), last] }, inside };
  }
  return { report, inside };
}

async function inT1(t1: T1, clock: Clock, signal: AbortSignal, script: string) {
  const launched = await t1.launch({
    argv: ["/bin/sh", "-c", script],
    env: { PATH: "/usr/bin:/bin" },
    limits: { ...defaultRunLimits, memoryBytes: bombBytes, wallMs: bombMs },
  });
  const voice = createVoice({ progress() {}, log() {} });
  const kill = new AbortController().signal;
  return converse(launched, {
    stdin: new Uint8Array(),
    outputBytes: MiB,
    wallMs: bombMs,
    voice,
    signal,
    kill,
    clock,
  });
}

/** To a listener of our own, so that it would succeed if it could. Tried with what can connect on this machine. */
async function connects(t1: T1, clock: Clock, signal: AbortSignal): Promise<string | undefined> {
  const server = createServer((socket) => socket.destroy());
  try {
    const port = await listening(server);
    const bash = findProgram("bash");
    // Without bash: the network namespace has no route to anywhere, which its own table says.
    const script =
      bash === undefined
        ? "test $(wc -l < /proc/net/route) -gt 1"
        : `${bash} -c 'exec 4<>/dev/tcp/127.0.0.1/${port}'`;
    const { code } = await inT1(t1, clock, signal, script);
    return code === 0 ? "it got through" : undefined;
  } finally {
    server.close();
  }
}

async function listening(server: Server): Promise<number> {
  server.listen({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}
