/**
 * The node's side of the hooks' thread: starts it, hands it calls in order and within bounds, and ends it when it is blocked.
 * Whatever a hook does costs the node a message.
 */
import { Worker } from "node:worker_threads";
import type { Clock } from "../../core/clock.ts";
import { ErrandError } from "../../core/errors.ts";
import { limits, safeMessage } from "../../core/limits.ts";
import type { Log } from "../../core/log.ts";
import type { AskedName, FromHooks, HookName, Notice, NoticeName, ToHooks } from "./hooks.ts";

export interface HookHost {
  /** What the module has; nothing else need be said. */
  readonly names: ReadonlySet<HookName>;
  readonly counters: { hookErrors: number; hookTimeouts: number; hooksDropped: number; hookRestarts: number };
  /** What the hook made of it. Throws what it threw (`HookRefusal`), or an `ErrandError` after its time. */
  ask(name: AskedName, argument: unknown): Promise<unknown>;
  tell<Name extends NoticeName>(name: Name, argument: Notice<Name>): void;
  stop(): Promise<void>;
}

/** What a hook threw. */
export class HookRefusal extends Error {
  readonly code: string | undefined;
  constructor(message: string, code: string | undefined) {
    super(message);
    this.code = code;
  }
}

interface Call {
  id: number;
  name: HookName;
  argument: unknown;
  resolve(value: unknown): void;
  reject(error: Error): void;
  cancelTimeout: () => void;
}

// Calls that have been handed over and not answered: enough to keep the thread busy, few enough to take back.
const handedOver = 64;
const pingMs = 1_000;
const startMs = 10_000;
const restartMs = 1_000;
const logEveryMs = 10_000;

/** Throws `InvalidConfig` when the module cannot be loaded or exports something else. */
export async function startHooks(options: { path: string; clock: Clock; log: Log }): Promise<HookHost> {
  const { path, clock, log } = options;
  const counters = { hookErrors: 0, hookTimeouts: 0, hooksDropped: 0, hookRestarts: 0 };
  const waiting: Call[] = [];
  const out = new Map<number, Call>();
  const loggedMs = new Map<HookName, number>();
  let thread: Worker | undefined;
  let lastId = 0;
  let cancelPing: (() => void) | undefined;
  let cancelRestart: (() => void) | undefined;
  let stopped = false;

  const first = await startThread(path, clock);
  const { names } = first;
  use(first.worker);

  function use(worker: Worker): void {
    thread = worker;
    worker.on("message", (message: FromHooks) => onMessage(message));
    worker.on("error", (error) => log.error({ err: error, hooks: path }, "the hooks' thread broke"));
    worker.on("exit", () => {
      if (thread === worker) lost("the hooks' thread ended");
    });
    worker.unref();
    pump();
  }

  function onMessage(message: FromHooks): void {
    if (message.kind === "pong") {
      cancelPing?.();
      cancelPing = undefined;
    }
    if (message.kind !== "done" && message.kind !== "threw") return;
    const call = out.get(message.id);
    if (call === undefined) return;
    settle(call);
    if (message.kind === "done") call.resolve(message.value);
    else call.reject(new HookRefusal(message.message, message.code));
    pump();
  }

  function settle(call: Call): void {
    out.delete(call.id);
    call.cancelTimeout();
  }

  function pump(): void {
    while (thread !== undefined && out.size < handedOver) {
      const call = waiting.shift();
      if (call === undefined) return;
      handOver(thread, call);
    }
  }

  function handOver(worker: Worker, call: Call): void {
    out.set(call.id, call);
    // Somebody waits for a question from its asking; a notice has its time from here.
    if (!isAsked(call.name)) arm(call, limits.hookMs);
    const message: ToHooks = { kind: "call", id: call.id, name: call.name, argument: call.argument };
    try {
      worker.postMessage(message);
    } catch (error) {
      settle(call);
      call.reject(error as Error);
    }
  }

  function arm(call: Call, ms: number): void {
    call.cancelTimeout = clock.after(ms, () => {
      const at = waiting.indexOf(call);
      if (at >= 0) waiting.splice(at, 1);
      out.delete(call.id);
      counters.hookTimeouts++;
      call.reject(new ErrandError("Internal", `the hook ${call.name} did not answer within ${ms / 1_000} s`));
      probe();
      pump();
    });
  }

  /** A call that hangs may leave the thread free for others, or not. */
  function probe(): void {
    if (thread === undefined || cancelPing !== undefined) return;
    const asked = thread;
    asked.postMessage({ kind: "ping" } satisfies ToHooks);
    cancelPing = clock.after(pingMs, () => {
      cancelPing = undefined;
      if (thread !== asked) return;
      log.error({ hooks: path }, "a hook blocks the hooks' thread; it is ended and started anew");
      lost("the hook's thread was blocked and has been ended");
      void asked.terminate();
    });
  }

  function lost(why: string): void {
    thread = undefined;
    cancelPing?.();
    cancelPing = undefined;
    for (const call of out.values()) {
      settle(call);
      call.reject(new ErrandError("Internal", `the hook ${call.name} was not finished: ${why}`));
    }
    if (!stopped) restart();
  }

  function restart(): void {
    counters.hookRestarts++;
    startThread(path, clock).then(
      ({ worker }) => {
        if (stopped) void worker.terminate();
        else use(worker);
        return undefined;
      },
      (error: Error) => {
        log.error({ err: error, hooks: path }, "the hooks cannot be started again; they are tried again");
        cancelRestart = clock.after(restartMs, () => stopped || restart());
      },
    );
  }

  function enqueue(name: HookName, argument: unknown): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const call: Call = { id: ++lastId, name, argument, resolve, reject, cancelTimeout: () => undefined };
    if (isAsked(name)) {
      arm(call, name === "beforeSubmit" ? limits.hookSubmitMs : limits.hookMs);
      // Somebody waits for it: before all notices.
      if (thread === undefined) waiting.unshift(call);
      else handOver(thread, call);
    } else {
      waiting.push(call);
      if (waiting.length > limits.hookQueue) {
        counters.hooksDropped++;
        const oldest = waiting.findIndex((one) => !isAsked(one.name));
        waiting.splice(oldest, 1)[0]?.resolve(undefined);
      }
      pump();
    }
    return promise;
  }

  function failed(name: NoticeName, error: Error): void {
    counters.hookErrors++;
    const nowMs = clock.monotonic();
    if (nowMs - (loggedMs.get(name) ?? -Infinity) < logEveryMs) return;
    loggedMs.set(name, nowMs);
    log.error({ hook: name, why: safeMessage(error.message), errors: counters.hookErrors }, "a hook failed");
  }

  return {
    names: new Set(names),
    counters,
    ask: enqueue,
    tell(name, argument) {
      if (stopped || !names.includes(name)) return;
      enqueue(name, argument).catch((error: Error) => failed(name, error));
    },
    async stop() {
      if (stopped) return;
      stopped = true;
      cancelRestart?.();
      cancelPing?.();
      const last = thread;
      lost("the node is stopping");
      for (const call of waiting.splice(0)) {
        call.cancelTimeout();
        call.resolve(undefined);
      }
      await last?.terminate();
    },
  };
}

function isAsked(name: HookName): name is AskedName {
  return name === "beforeSubmit" || name === "verifyResult";
}

async function startThread(path: string, clock: Clock): Promise<{ worker: Worker; names: HookName[] }> {
  const script = new URL(
    import.meta.url.endsWith(".ts") ? "./hook-thread.ts" : "./hook-thread.js",
    import.meta.url,
  );
  const worker = new Worker(script, { workerData: { path }, name: "errand hooks", stdout: true });
  // Standard output belongs to results.
  worker.stdout.on("data", (chunk: Buffer) => process.stderr.write(chunk));
  const { promise, resolve, reject } = Promise.withResolvers<HookName[]>();
  const cancel = clock.after(startMs, () =>
    reject(new Error(`it was not loaded within ${startMs / 1_000} s`)),
  );
  worker.once("message", (message: FromHooks) => {
    if (message.kind === "ready") resolve(message.names);
    else reject(new Error(message.kind === "broken" ? message.message : "it said something else"));
  });
  worker.once("error", reject);
  worker.once("exit", () => reject(new Error("its thread ended")));
  try {
    const names = await promise;
    worker.removeAllListeners("error");
    worker.removeAllListeners("exit");
    return { worker, names };
  } catch (cause) {
    await worker.terminate();
    throw new ErrandError("InvalidConfig", `hooks ${path}: ${(cause as Error).message}`, {
      hint: "The module's default export is an object of hooks; see src/tasks/hooks/README.md.",
      details: { path: "hooks" },
      cause,
    });
  } finally {
    cancel();
  }
}
