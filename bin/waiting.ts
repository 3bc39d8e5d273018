/**
 * Waiting for a task at a terminal: one line of progress, and Ctrl-C. The first leaves the task running and says how
 * to follow it, the second cancels it.
 */
import { setTimeout as delay } from "node:timers/promises";
import { ErrandError } from "../src/core/errors.ts";
import { limits } from "../src/core/limits.ts";
import type { PeerView, TaskChange, TaskView } from "../src/node/node.ts";
import { segment, type Cli } from "./cli.ts";
import { onInterrupts, type Interrupts } from "./interrupts.ts";
import { note } from "./output.ts";
import { createProgressLine } from "./progress-line.ts";

export interface Waited {
  /** At its end, or as it was when the wait was interrupted. */
  task: TaskView;
  interrupted: boolean;
}

// Time for a second Ctrl-C before the command ends.
const secondThoughtMs = 2_000;
const cancelWaitMs = 10_000;

/**
 * Throws `WaitTimeout` after `timeoutMs`; the task goes on. `interrupts`: a handler that was there before the id was known; ends
 * with the wait.
 */
export async function waitForTask(
  cli: Cli,
  id: string,
  { timeoutMs, interrupts = onInterrupts() }: { timeoutMs?: number; interrupts?: Interrupts } = {},
): Promise<Waited> {
  const leave = new AbortController();
  const path = `/v1/tasks/${segment(id)}`;
  let cancelling: Promise<unknown> | undefined;

  function onInterrupt(count: number): void {
    if (count === 1) {
      note(`\nThe task goes on. Follow it with: errand task wait ${id}${cli.sameNode}`);
      note("Ctrl-C again cancels it.");
      void delay(secondThoughtMs, undefined, { ref: false }).then(
        () => interrupts.count === 1 && leave.abort(),
      );
    } else if (count === 2) {
      note("Cancelling.");
      const body = { reason: "cancelled by Ctrl-C" };
      cancelling = cli.client.call("POST", `${path}/cancel`, { body }).catch((error: unknown) => {
        // It may have ended in the meantime: the wait shows how.
        if (!(error instanceof ErrandError && error.code === "Conflict")) leave.abort(error);
      });
      void delay(cancelWaitMs, undefined, { ref: false }).then(() => leave.abort());
    } else {
      leave.abort();
    }
  }

  interrupts.handleWith(onInterrupt);
  try {
    const task = await untilEnd(cli, id, path, leave.signal, timeoutMs);
    await cancelling;
    return { task, interrupted: false };
  } catch (error) {
    if (!leave.signal.aborted) throw error;
    if (leave.signal.reason instanceof ErrandError) throw leave.signal.reason;
    return { task: await cli.client.call<TaskView>("GET", path), interrupted: true };
  } finally {
    interrupts.end();
  }
}

async function untilEnd(
  cli: Cli,
  id: string,
  path: string,
  signal: AbortSignal,
  timeoutMs: number | undefined,
): Promise<TaskView> {
  const until = timeoutMs === undefined ? undefined : performance.now() + timeoutMs;
  const done = new AbortController();
  const progress = process.stderr.isTTY
    ? showProgress(cli, path, AbortSignal.any([signal, done.signal]))
    : undefined;
  try {
    for (;;) {
      const leftMs = until === undefined ? limits.apiWaitMs : Math.max(0, until - performance.now());
      const seconds = Math.min(leftMs, limits.apiWaitMs) / 1_000;
      const task = await cli.client.call<TaskView>("GET", `${path}/wait`, {
        query: { timeout: seconds },
        signal,
        timeoutMs: limits.apiWaitMs + 15_000,
      });
      // The only view that says so; the states are the node's affair.
      if (task.finishedAt !== null) return task;
      if (until !== undefined && performance.now() >= until) {
        throw new ErrandError(
          "WaitTimeout",
          `the task is ${task.status} after ${(timeoutMs ?? 0) / 1_000} s`,
          {
            hint: `It goes on. Follow it with: errand task wait ${id}${cli.sameNode}`,
            details: { id, status: task.status },
          },
        );
      }
    }
  } finally {
    done.abort();
    await progress;
  }
}

/** Draws until the signal; what goes wrong here is the wait's to report. */
async function showProgress({ client }: Cli, path: string, signal: AbortSignal): Promise<void> {
  const line = createProgressLine(process.stderr);
  try {
    let named = { id: "", name: "" };
    for await (const { data } of client.events(`${path}/events`, { signal, reconnectMs: 60_000 })) {
      const { task } = JSON.parse(data) as TaskChange;
      if (task.peer !== "" && task.peer !== named.id)
        named = { id: task.peer, name: await peerName(client, task) };
      line.show(task, named.name);
      if (task.finishedAt !== null) return;
    }
  } catch {
    // Without progress the command still waits and tells the end.
  } finally {
    line.clear();
  }
}

async function peerName(client: Cli["client"], task: TaskView): Promise<string> {
  if (task.local) return "this node";
  try {
    const { name } = await client.call<PeerView>("GET", `/v1/peers/${segment(task.peer)}`, {
      timeoutMs: 2_000,
    });
    return name || task.peer.slice(-8);
  } catch {
    return task.peer.slice(-8);
  }
}
