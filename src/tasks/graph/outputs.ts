/**
 * What the nodes of a graph brought forth, read from their tasks when somebody needs it: a graph of thousands holds no outputs in
 * memory. Bounded in bytes for each reader.
 */
import { readFile } from "node:fs/promises";
import { jsonType, type Body } from "../../core/body.ts";
import { ErrandError } from "../../core/errors.ts";
import type { PeerIdText, TaskId } from "../../core/ids.ts";
import { outputsOfTasks } from "../../storage/graphs.ts";
import type { Store } from "../../storage/store.ts";
import type { BlobAccess } from "../blob-access.ts";
import type { TaskTable } from "../table.ts";
import type { Source } from "./references.ts";
import { childrenOf, type GraphRun, type NodeRun, type Unit } from "./run.ts";

export interface OutputsOptions {
  self: PeerIdText;
  store: Store;
  table: TaskTable;
  blobs: BlobAccess;
}

export interface Outputs {
  /** The output of a completed task, bytes and all. Throws `NotFound` when it is not stored any more. */
  body(unit: Unit): Promise<Body>;
  /** What others refer to: status, error, and with `output` what it brought forth. Throws `LimitExceeded`, `InvalidInput`. */
  source(run: GraphRun, index: number, budget: Budget, output: boolean): Promise<Source>;
}

/** Bytes that may still be read. */
export interface Budget {
  left: number;
}

export function createOutputs({ self, store, table, blobs }: OutputsOptions): Outputs {
  async function bodies(ids: readonly TaskId[]): Promise<Map<TaskId, Body>> {
    const found = new Map<TaskId, Body>();
    const missing: TaskId[] = [];
    for (const id of ids) {
      const output = table.get(id)?.output;
      if (output === undefined) missing.push(id);
      else found.set(id, output);
    }
    if (missing.length === 0) return found;
    await table.committed();
    for await (const { taskId, output, outputBlob, outputSize, outputType } of outputsOfTasks(
      store,
      missing,
    )) {
      if (outputBlob !== "")
        found.set(taskId, { blob: { hash: outputBlob, sizeBytes: outputSize }, type: outputType });
      else if (output !== null) found.set(taskId, { bytes: output, type: outputType });
    }
    return found;
  }

  async function valueOf(body: Body, budget: Budget): Promise<unknown> {
    const isText = body.type.startsWith("text/");
    if (body.type !== jsonType && !isText)
      throw new ErrandError("InvalidInput", `an output is ${body.type}, which no reference can name`, {
        hint: "Hand it over whole, with inputFrom: NODE.",
      });
    budget.left -= body.bytes?.length ?? body.blob?.sizeBytes ?? 0;
    if (budget.left < 0)
      throw new ErrandError("LimitExceeded", "the outputs are too large to be taken together", {
        hint: "Let the tasks return less, or a blob.",
      });
    const text =
      body.bytes === undefined
        ? await readFile(await blobs.fetch(self, body.blob, AbortSignal.timeout(1_000)), "utf8")
        : Buffer.from(body.bytes.buffer, body.bytes.byteOffset, body.bytes.length).toString("utf8");
    return isText ? text : (JSON.parse(text) as unknown);
  }

  /** In order; undefined for units without one. */
  async function values(units: readonly Unit[], budget: Budget): Promise<unknown[]> {
    const done = units.filter(({ state }) => state === "completed").map(({ taskId }) => taskId as TaskId);
    const found = await bodies(done);
    const results: unknown[] = [];
    for (const { state, taskId } of units) {
      if (state !== "completed") results.push(undefined);
      else results.push(await valueOf(found.get(taskId as TaskId) ?? gone(taskId), budget));
    }
    return results;
  }

  async function output(run: GraphRun, index: number, budget: Budget): Promise<unknown> {
    const { node, unit, items } = run.nodes[index] as NodeRun;
    if (node.sinks !== undefined) {
      const inner: [string, unknown][] = [];
      for (const [name, sink] of node.sinks) inner.push([name, (await output(run, sink, budget)) ?? null]);
      return unit.state === "completed" ? Object.fromEntries(inner) : undefined;
    }
    if (items === undefined)
      return unit.state === "completed" ? (await values([unit], budget))[0] : undefined;
    return (await values(items, budget)).map((value) => (value === undefined ? null : value));
  }

  return {
    async body(unit) {
      const id = unit.taskId;
      return (id === undefined ? undefined : (await bodies([id])).get(id)) ?? gone(id);
    },
    async source(run, index, budget, wanted) {
      const { unit } = run.nodes[index] as NodeRun;
      const failed = unit.state === "failed" || unit.state === "cancelled";
      return {
        status: unit.state,
        error: failed ? { reason: unit.reason || firstReason(childrenOf(run, index)) } : null,
        output: wanted ? await output(run, index, budget) : undefined,
      };
    },
  };
}

function firstReason(units: readonly Unit[]): string {
  return units.find(({ state }) => state === "failed")?.reason ?? "";
}

function gone(id: TaskId | undefined): never {
  throw new ErrandError("NotFound", `the output of task ${id ?? "?"} is not stored any more`, {
    hint: "Finished tasks are kept for a while; run the graph again.",
  });
}
