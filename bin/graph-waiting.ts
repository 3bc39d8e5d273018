/** Waiting for a graph at a terminal: progress, and Ctrl-C. The first leaves it running, the second cancels it. */
import { setTimeout as delay } from "node:timers/promises";
import { ErrandError } from "../src/core/errors.ts";
import type { GraphView } from "../src/node/node.ts";
import { segment, type Cli } from "./cli.ts";
import { onInterrupts } from "./interrupts.ts";
import { note } from "./output.ts";
import { bar, createProgressLine } from "./progress-line.ts";

export interface WaitedGraph {
  /** At its end, or as it was when the wait was interrupted. */
  graph: GraphView;
  interrupted: boolean;
}

// Time for a second Ctrl-C before the command ends.
const secondThoughtMs = 2_000;
const cancelWaitMs = 10_000;
// How often progress is asked for: a picture for people, and a line now and then for a log.
const pictureMs = 400;
const lineMs = 5_000;

/** Throws `WaitTimeout` after `timeoutMs`; the graph goes on. */
export async function waitForGraph(cli: Cli, id: string, timeoutMs?: number): Promise<WaitedGraph> {
  const leave = new AbortController();
  const path = `/v1/graphs/${segment(id)}`;
  const interrupts = onInterrupts((count) => {
    if (count === 1) {
      note(`Still running: ${id}. Follow it with: errand graph wait ${id}${cli.sameNode}`);
      note("Press Ctrl-C again to cancel it.");
      void delay(secondThoughtMs, undefined, { ref: false }).then(() =>
        interrupts.count === 1 ? leave.abort() : undefined,
      );
    } else if (count === 2) {
      note("Cancelling.");
      const body = { reason: "cancelled by Ctrl-C" };
      cli.client.call("POST", `${path}/cancel`, { body }).catch((error: unknown) => {
        // It may have ended in the meantime: the wait shows how.
        if (!(error instanceof ErrandError && error.code === "Conflict")) leave.abort(error);
      });
      void delay(cancelWaitMs, undefined, { ref: false }).then(() => leave.abort());
    } else leave.abort();
  });
  try {
    await untilEnd(cli, path, leave.signal, timeoutMs);
    return { graph: await cli.client.call<GraphView>("GET", path), interrupted: false };
  } catch (error) {
    if (!leave.signal.aborted) throw error;
    if (leave.signal.reason instanceof ErrandError) throw leave.signal.reason;
    return { graph: await cli.client.call<GraphView>("GET", path), interrupted: true };
  } finally {
    interrupts.end();
  }
}

async function untilEnd(cli: Cli, path: string, signal: AbortSignal, timeoutMs?: number): Promise<void> {
  const until = timeoutMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs;
  const line = process.stderr.isTTY ? createProgressLine(process.stderr) : undefined;
  const everyMs = line === undefined ? lineMs : pictureMs;
  let last = "";
  try {
    for (;;) {
      const leftMs = Math.max(0, until - performance.now());
      const graph = await cli.client.call<GraphView>("GET", `${path}/wait`, {
        query: { timeout: Math.min(leftMs, everyMs) / 1_000, nodes: false, output: "none" },
        signal,
      });
      if (graph.finishedAt !== null) return;
      const text = describe(graph);
      if (line !== undefined) line.say(text);
      else if (text !== last) note(text);
      last = text;
      if (performance.now() >= until)
        throw new ErrandError("WaitTimeout", `the graph is running after ${(timeoutMs ?? 0) / 1_000} s`, {
          hint: `It goes on. Follow it with: errand graph wait ${graph.id}${cli.sameNode}`,
          details: { id: graph.id },
        });
    }
  } finally {
    line?.clear();
  }
}

function describe({ counts, progress }: GraphView): string {
  const { completed, failed, cancelled, skipped, running, waiting } = counts;
  const total = completed + failed + cancelled + skipped + running + waiting;
  const parts = [bar(progress), `${completed} of ${total} done`, `${running} running`];
  if (failed > 0) parts.push(`${failed} failed`);
  if (cancelled > 0) parts.push(`${cancelled} cancelled`);
  return parts.join("  ");
}
