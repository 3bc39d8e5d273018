/**
 * Graphs on a home that only adds tasks: the test ends each as it likes. A second life goes on from what the first had on disk
 * at any of its commits.
 */
import { onTestFinished } from "vitest";
import { jsonBody, type BlobRef, type Body } from "../../src/core/body.ts";
import { ErrandError } from "../../src/core/errors.ts";
import { newTaskId } from "../../src/core/ids.ts";
import { silentLog } from "../../src/core/log.ts";
import type { BlobAccess } from "../../src/tasks/blob-access.ts";
import { createChanges } from "../../src/tasks/changes.ts";
import { createGraphs } from "../../src/tasks/graph/graphs.ts";
import { unfinishedRecords } from "../../src/tasks/persist.ts";
import { newRecord, viewOf, type TaskRecord } from "../../src/tasks/record.ts";
import { isTerminal } from "../../src/tasks/states.ts";
import { fillSpec } from "../../src/tasks/submission.ts";
import { createTaskTable } from "../../src/tasks/table.ts";
import type { Submission, TaskView } from "../../src/tasks/task.ts";
import { groupingStore, type Commit } from "./grouping-store.ts";
import { manualClock } from "./manual-clock.ts";
import { settled } from "./memory-mesh.ts";

export type GraphLife = Awaited<ReturnType<typeof graphLife>>;

export async function graphLife(before: readonly Commit[] = []) {
  const clock = manualClock();
  const store = groupingStore(before);
  onTestFinished(() => store.close());
  const table = createTaskTable({ store, changes: createChanges(), clock, self: "me", log: silentLog });
  const open = new Map<string, TaskRecord>();
  const submitted: string[] = [];
  const files = new Map<string, string>();
  let refusal: ErrandError | undefined;

  async function submit(submission: Submission): Promise<TaskView> {
    const spec = fillSpec(submission);
    await Promise.resolve();
    if (refusal !== undefined) throw refusal;
    const record = newRecord(newTaskId(), spec, submission.input, clock.now());
    submitted.push(nodeOf(record));
    table.add(record);
    table.move(record, "queued", "");
    open.set(nodeOf(record), record);
    await table.committed();
    return viewOf(record, "me", clock.now());
  }

  const graphs = createGraphs({
    self: "me",
    store,
    table,
    blobs: {
      fetch: async (_peer: string, { hash }: BlobRef) => files.get(hash) as string,
    } as unknown as BlobAccess,
    clock,
    log: silentLog,
    submit,
    async cancel(id, reason) {
      const record = table.get(id);
      if (record === undefined || isTerminal(record.state)) throw new ErrandError("Conflict", "it has ended");
      record.error = new ErrandError("Cancelled", reason).toJSON();
      table.move(record, "cancelled", reason);
      open.delete(nodeOf(record));
    },
  });
  await graphs.load();
  for (const record of await unfinishedRecords(store)) {
    table.adopt(record);
    open.set(nodeOf(record), record);
  }
  await graphs.start();
  await settled();

  function take(node: string): TaskRecord {
    const record = open.get(node);
    if (record === undefined) throw new Error(`${node} is not out; ${[...open.keys()].join(", ")} are`);
    open.delete(node);
    if (record.state === "queued") table.move(record, "assigned", "");
    return record;
  }

  return {
    graphs,
    store,
    clock,
    files,
    submitted,
    /** Nodes whose tasks are out. */
    out: (): string[] => [...open.keys()],
    input: (node: string): unknown => JSON.parse(Buffer.from(open.get(node)?.input.bytes ?? []).toString()),
    body: (node: string): Body | undefined => open.get(node)?.input,
    /** With an output; its input by default. */
    async complete(node: string, output?: unknown) {
      this.completeNow(node, output);
      await settled();
    },
    completeNow(node: string, output?: unknown) {
      const record = take(node);
      record.output = output === undefined ? record.input : jsonBody(output);
      table.move(record, "completed", "");
    },
    async completeWith(node: string, output: Body) {
      const record = take(node);
      record.output = output;
      table.move(record, "completed", "");
      await settled();
    },
    async fail(node: string) {
      this.failNow(node);
      await settled();
    },
    failNow(node: string) {
      const record = take(node);
      record.error = new ErrandError("SkillFailed", "no luck").toJSON();
      table.move(record, "failed", "error");
    },
    refuse: (error: ErrandError | undefined) => void (refusal = error),
    stop: () => graphs.stop(),
  };
}

function nodeOf(record: TaskRecord): string {
  return record.spec.graph?.node ?? record.id;
}
