/**
 * The task engine by itself, in one process: durable submission, look-ups, events, and what waiting tasks weigh. The
 * tasks wait for a time far away, so that nothing but the engine is measured.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { jsonBody } from "../../../src/core/body.ts";
import { createChanges } from "../../../src/tasks/changes.ts";
import type { Submission, TaskView } from "../../../src/node/node.ts";
import { startLocalNode } from "../local-node.ts";
import { drive } from "../measure.ts";
import { figure } from "../report.ts";
import type { Promised, Suite, SuiteOptions } from "./suite.ts";

const far = Date.parse("2100-01-01");
const input = { text: "x".repeat(200) };
const submission = (): Submission => ({ skill: "echo", input: jsonBody(input), notBefore: far });

export const engine: Suite = {
  name: "engine",
  async run(options) {
    const submit = await submissions(options);
    const perSecondEvents = await events(options);
    const waiting = await weight(options);
    const promises: Promised[] = [
      promised("durable submissions a second by batch, promise 10,000", submit.batch, submit.batch >= 10_000),
      promised(
        "durable submissions a second one by one, 256 in flight, promise 5,000",
        submit.single,
        submit.single >= 5_000,
      ),
      promised(
        "status look-ups a second in process, promise 50,000",
        submit.lookups,
        submit.lookups >= 50_000,
      ),
      promised(
        "events a second to one watcher, promise 100,000",
        perSecondEvents,
        perSecondEvents >= 100_000,
      ),
      promised(
        `bytes of heap for each of ${waiting.tasks.toLocaleString("en-US")} waiting tasks, promise 2,048`,
        waiting.bytesPerTask,
        waiting.bytesPerTask <= 2_048,
      ),
      promised(
        `seconds to start with ${waiting.tasks.toLocaleString("en-US")} waiting tasks, promise 5`,
        waiting.startMs / 1_000,
        waiting.startMs <= 5_000,
      ),
    ];
    const rows = promises.map(({ text, value }) => [text.split(", promise")[0] as string, figure(value)]);
    return {
      tables: [{ title: "Task engine, one process", head: ["what", "figure"], rows }],
      promises,
      figures: { ...submit, events: perSecondEvents, ...waiting },
    };
  },
};

function promised(text: string, value: number, kept: boolean): Promised {
  return { text: `${text}: ${figure(value)}`, value, kept };
}

async function submissions({ quick, say }: SuiteOptions) {
  const dir = await mkdtemp(join(tmpdir(), "errand-bench-"));
  const node = await startLocalNode(dir);
  try {
    say("durable submission, one by one");
    const forMs = quick ? 1_000 : 3_000;
    const one = async (): Promise<void> => void (await node.tasks.submit(submission()));
    await drive(one, 256, 500);
    const single = await drive(one, 256, forMs);
    say("durable submission by batch");
    const batchOf = 500;
    let last: TaskView | undefined;
    const batches = await drive(
      async () => {
        const taken = await node.tasks.submitMany(Array.from({ length: batchOf }, submission));
        last = taken.find((one): one is TaskView => !(one instanceof Error));
      },
      2,
      forMs,
    );
    say("status look-ups");
    const { id } = last as TaskView;
    const lookups = await drive(async () => void (await node.tasks.get(id)), 64, quick ? 500 : 1_500);
    return { single: single.perSecond, batch: batches.perSecond * batchOf, lookups: lookups.perSecond };
  } finally {
    await node.stop({ graceMs: 0 });
    await rm(dir, { recursive: true, force: true });
  }
}

/** Changes published in the rhythm of a busy node, a few hundred a turn, and read by one watcher that keeps up. */
async function events({ say, quick }: SuiteOptions): Promise<number> {
  say("events to one watcher");
  const total = quick ? 200_000 : 1_000_000;
  const changes = createChanges();
  const stop = new AbortController();
  const watching = changes.watch({ signal: stop.signal });
  const task = { id: "0" } as TaskView;
  const started = performance.now();
  const publish = (async () => {
    for (let sent = 0; sent < total; sent += 256) {
      for (let n = 0; n < 256; n++) changes.publish("TaskProgress", task);
      await new Promise((resolve) => setImmediate(resolve));
    }
    stop.abort();
  })();
  let read = 0;
  for await (const _change of watching) read++;
  await publish;
  return read / ((performance.now() - started) / 1_000);
}

interface Weight {
  tasks: number;
  bytesPerTask: number;
  startMs: number;
}

/** In a process of its own, where the heap holds nothing else. */
async function weight({ quick, say }: SuiteOptions): Promise<Weight> {
  const tasks = quick ? 50_000 : 200_000;
  say(`${tasks.toLocaleString("en-US")} waiting tasks`);
  const script = fileURLToPath(new URL("../waiting.ts", import.meta.url));
  const child = spawn(process.execPath, ["--expose-gc", script, String(tasks)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const end = (): void => void child.kill("SIGKILL");
  process.once("exit", end);
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const [code] = (await once(child, "exit")) as [number];
  process.off("exit", end);
  if (code !== 0) throw new Error(`waiting.ts ended with ${code}`);
  return { tasks, ...(JSON.parse(text) as Omit<Weight, "tasks">) };
}
