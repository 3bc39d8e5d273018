/** The graphs of this node as its users meet them: plan, submit, look, list, wait, cancel; and what a restart takes up. */
import { ErrandError, toErrandError } from "../../core/errors.ts";
import { isTaskId, newTaskId } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import {
  findGraphIds,
  getGraph,
  insertGraph,
  listGraphs,
  nodesOfGraph,
  orphansOfGraphs,
  tasksOfGraph,
  unfinishedGraphs,
  updateGraph,
  type GraphRow,
} from "../../storage/graphs.ts";
import { createEngine, type EngineOptions } from "./engine.ts";
import { createOutputs, type OutputsOptions } from "./outputs.ts";
import { planGraph } from "./plan.ts";
import { newRun, restoreRun, type GraphRun, type GraphState } from "./run.ts";
import { checkGraph, type GraphSpec } from "./spec.ts";
import {
  outputTooLarge,
  viewOfListing,
  viewOfPlan,
  viewOfRun,
  type GraphPlan,
  type GraphView,
} from "./view.ts";

export interface GraphLook {
  /** Every node with its state. Default true. */
  nodes?: boolean;
  /** What is shown as the output of one that has ended. Default `sinks`. */
  output?: "sinks" | "all" | "none";
}

export interface GraphFilter {
  states?: GraphState[];
  /** Newest first; at most 1,000, default 50. */
  limit?: number;
  /** Ids below this one: the last id of the page before. */
  before?: string;
}

export interface Graphs {
  /** What a graph would do. Throws `InvalidInput`, `LimitExceeded`. */
  plan(spec: GraphSpec): GraphPlan;
  /** Resolves once it is on disk. Throws as `plan`, and `QueueFull`, `StorageFailed`, `ShuttingDown`. */
  submit(spec: GraphSpec): Promise<GraphView>;
  /** Throws `NotFound`, `Ambiguous`. */
  get(id: string, look?: GraphLook): Promise<GraphView>;
  list(filter?: GraphFilter): Promise<GraphView[]>;
  /** The view at the end. Throws `WaitTimeout` or the signal's reason; the graph goes on. */
  wait(id: string, options?: GraphLook & { signal?: AbortSignal }): Promise<GraphView>;
  /** What waits will not run, what runs is cancelled. Throws `Conflict` when it has ended. */
  cancel(id: string, reason: string): Promise<GraphView>;
}

export interface GraphsOfNode extends Graphs {
  /** Reads what had not ended. Before the tasks of the last run are taken up, so that none of their ends is missed. */
  load(): Promise<number>;
  /** Goes on with all of it. After the tasks are taken up. */
  start(): Promise<void>;
  stop(): void;
}

export function createGraphs(options: Omit<EngineOptions, "outputs"> & OutputsOptions): GraphsOfNode {
  const { store, clock, log } = options;
  const outputs = createOutputs(options);
  const engine = createEngine({ ...options, outputs });
  let stopped = false;

  function check(spec: GraphSpec) {
    const checked = checkGraph(spec);
    return { spec: checked.spec, plan: planGraph(checked.nodes) };
  }

  async function restored(row: GraphRow): Promise<GraphRun> {
    const { spec, plan } = check(JSON.parse(row.spec) as GraphSpec);
    const [rows, tasks] = await Promise.all([nodesOfGraph(store, row.id), tasksOfGraph(store, row.id)]);
    return restoreRun(row, spec, plan, rows, tasks);
  }

  async function resolve(text: string): Promise<string> {
    const id = text.toLowerCase();
    if (isTaskId(id)) return id;
    if (!/^[0-9a-f-]{4,36}$/.test(id))
      throw new ErrandError("InvalidInput", `"${text.slice(0, 64)}" is not a graph's id`, {
        hint: "Use an id as `errand graph list` prints it; at least four characters of its beginning or end are enough where unique.",
      });
    const found = await findGraphIds(store, id);
    if (found.length > 1)
      throw new ErrandError("Ambiguous", `"${text}" is the beginning or end of ${found.length} graph ids`, {
        hint: "Give more characters.",
        details: { ids: found },
      });
    return found[0] ?? notFound(text);
  }

  async function find(text: string): Promise<GraphRun> {
    await engine.committed();
    const id = await resolve(text);
    const known = engine.active.get(id);
    if (known !== undefined) return known;
    const row = (await getGraph(store, id)) ?? notFound(text);
    return engine.active.get(id) ?? (await endedRun(row));
  }

  /** One that has ended, to look at. What nested graphs came to is drawn from their nodes. */
  async function endedRun(row: GraphRow): Promise<GraphRun> {
    const run = await restored(row);
    const known = run.nodes.flatMap(({ node, unit }, i) =>
      node.kind === "task" ? [[i, unit.state] as const] : [],
    );
    run.progress.start(new Map(known));
    run.nodes.forEach(({ node, unit }, i) => {
      if (node.kind === "group") unit.state = run.progress.state(i);
    });
    return run;
  }

  async function show(run: GraphRun, look: GraphLook): Promise<GraphView> {
    // Looked at first and committed then: what is shown is on disk.
    const view = viewOfRun(run, clock.now(), look.nodes ?? true);
    const over = run.finishedAt !== undefined;
    await engine.committed();
    const { output = "sinks" } = look;
    if (!over || output === "none") return view;
    const budget = { left: limits.graphOutputBytes };
    const wanted =
      output === "sinks"
        ? run.plan.sinks
        : new Map(run.plan.nodes.flatMap(({ id, kind }, i) => (kind === "task" ? [[id, i] as const] : [])));
    const found: Record<string, unknown> = {};
    try {
      for (const [name, index] of wanted)
        found[name] = (await outputs.source(run, index, budget, true)).output ?? null;
      return { ...view, output: found };
    } catch (thrown) {
      const error = toErrandError(thrown);
      if (error.code === "Internal" || error.code === "StorageFailed") throw error;
      return { ...view, outputNote: error.code === "LimitExceeded" ? outputTooLarge : error.message };
    }
  }

  function ended(run: GraphRun, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const told = (error?: Error): void => {
        signal?.removeEventListener("abort", aborted);
        if (error === undefined) resolve();
        else reject(error);
      };
      const aborted = (): void => {
        run.waiters = run.waiters.filter((waiter) => waiter !== told);
        reject(waitEnded(signal?.reason, run));
      };
      if (signal?.aborted === true) return aborted();
      signal?.addEventListener("abort", aborted, { once: true });
      run.waiters.push(told);
    });
  }

  return {
    plan(value) {
      const { spec, plan } = check(value);
      return viewOfPlan(spec.name ?? "", plan);
    },
    async submit(value) {
      if (stopped) throw new ErrandError("ShuttingDown", "this node is shutting down");
      if (store.failed !== undefined) throw toErrandError(store.failed, "StorageFailed");
      const { spec, plan } = check(value);
      const text = JSON.stringify(spec);
      if (text.length > limits.graphSpecBytes)
        throw new ErrandError(
          "LimitExceeded",
          `a graph may have at most ${limits.graphSpecBytes} bytes as JSON`,
          {
            hint: "Let a task bring forth large lists and inputs, and refer to its output.",
          },
        );
      if (engine.active.size >= limits.graphsRunning)
        throw new ErrandError("QueueFull", `${limits.graphsRunning} graphs are running already`, {
          retryAfterMs: 5_000,
        });
      const row = { id: newTaskId(), name: spec.name ?? "", spec: text, createdAt: clock.now() };
      insertGraph(store, { ...row, state: "running", reason: "" });
      const run = newRun(row, spec, plan);
      engine.add(run);
      await engine.committed();
      await store.committed();
      return viewOfRun(run, clock.now(), true);
    },
    get: async (id, look = {}) => show(await find(id), look),
    async list({ states, limit = 50, before } = {}) {
      await engine.committed();
      const listed = await listGraphs(store, {
        ...(states === undefined ? {} : { states }),
        ...(before === undefined ? {} : { before: await resolve(before) }),
        limit: Math.min(Math.max(1, limit), 1_000),
      });
      return listed.map((listing) => {
        const run = engine.active.get(listing.id);
        return run === undefined ? viewOfListing(listing, clock.now()) : viewOfRun(run, clock.now(), false);
      });
    },
    async wait(id, { signal, ...look } = {}) {
      const run = await find(id);
      if (run.finishedAt === undefined || run.waiters.length > 0) await ended(run, signal);
      return show(run, look);
    },
    async cancel(id, reason) {
      const run = await find(id);
      if (run.finishedAt !== undefined)
        throw new ErrandError("Conflict", `graph ${run.id} is ${run.state} already`, {
          hint: "A graph that has ended cannot be cancelled.",
        });
      const end = ended(run);
      engine.cancel(run, reason === "" ? "cancelled by the user" : reason);
      await end;
      return show(run, {});
    },
    async load() {
      const rows = await unfinishedGraphs(store);
      for (const row of rows) {
        try {
          engine.add(await restored(row));
        } catch (error) {
          // Written by another version, say. It must not keep the node from starting.
          log.error({ err: error, graph: row.id }, "a graph could not be taken up");
          const reason = `it could not be taken up: ${toErrandError(error).message}`;
          updateGraph(store, { id: row.id, state: "failed", reason, finishedAt: clock.now() });
        }
      }
      return rows.length;
    },
    async start() {
      engine.start();
      for (const id of await orphansOfGraphs(store))
        await options.cancel(id, "its graph has ended").catch(() => undefined);
    },
    stop() {
      stopped = true;
      engine.stop();
    },
  };
}

function waitEnded(reason: unknown, { id, state }: GraphRun): ErrandError {
  if (reason instanceof ErrandError) return reason;
  return new ErrandError("WaitTimeout", `graph ${id} is still ${state}`, {
    hint: `It goes on; look at it with: errand graph show ${id}`,
    details: { id },
  });
}

function notFound(id: string): never {
  throw new ErrandError("NotFound", `there is no graph ${id.slice(0, 64)} on this node`, {
    hint: "Graphs are known only to the node they were submitted to; see `errand graph list`.",
  });
}
