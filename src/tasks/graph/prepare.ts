/** From a node and what it refers to, to the submission of its task, or to the list of a fan-out. */
import { jsonBody, type Body } from "../../core/body.ts";
import { ErrandError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Submission } from "../task.ts";
import type { Outputs } from "./outputs.ts";
import { describe, resolveReferences, valueAt, type Reference, type Source } from "./references.ts";
import { nameOf, type Entry, type GraphRun, type NodeRun } from "./run.ts";

/** The items of a fan-out. Keeps what they refer to for their submissions. Throws what references throw. */
export async function listOf(run: GraphRun, index: number, outputs: Outputs): Promise<readonly unknown[]> {
  const node = run.nodes[index] as NodeRun;
  const sources = await sourcesOf(run, node, outputs);
  const list = resolveReferences(node.node.spec.forEach, lookUpIn(sources, undefined, -1));
  if (!Array.isArray(list))
    throw new ErrandError("InvalidInput", `forEach needs a list, and got ${describe(list)}`);
  if (run.tasks + list.length > limits.graphTasks)
    throw new ErrandError(
      "LimitExceeded",
      `a list of ${list.length} would make the graph larger than ${limits.graphTasks} nodes and items`,
    );
  node.sources = sources;
  return list;
}

/** Throws what references throw: `InvalidInput`, `LimitExceeded`, `NotFound`. */
export async function submissionOf(run: GraphRun, entry: Entry, outputs: Outputs): Promise<Submission> {
  const node = run.nodes[entry.index] as NodeRun;
  const task = node.node.spec.task as Omit<Submission, "input">;
  return {
    ...task,
    input: await inputOf(run, node, entry, outputs),
    graph: { id: run.id, node: nameOf(run, entry) },
  };
}

async function inputOf(run: GraphRun, node: NodeRun, { item }: Entry, outputs: Outputs): Promise<Body> {
  const { input, inputFrom, references } = node.node.spec;
  const isItem = item >= 0;
  const whole = inputFrom === undefined ? undefined : wholeOutput(run, node, inputFrom);
  if (whole !== undefined) return outputs.body(whole.unit);
  if (input === undefined && inputFrom === undefined) return jsonBody(isItem ? node.list?.[item] : {});
  if (references.length === 0 && !isItem) return jsonBody(resolveReferences(input, nothing));
  const sources = node.sources ?? (await sourcesOf(run, node, outputs));
  const lookUp = lookUpIn(sources, node.list, item);
  return jsonBody(inputFrom === undefined ? resolveReferences(input, lookUp) : lookUp(inputFrom));
}

/** The node whose output is the whole input, if it is a single completed task's: then its bytes go on as they are. */
function wholeOutput(run: GraphRun, node: NodeRun, { root, part, path }: Reference): NodeRun | undefined {
  const index = node.node.sources.get(root);
  if (index === undefined || part !== "output" || path.length > 0) return undefined;
  const source = run.nodes[index] as NodeRun;
  const single = source.node.kind === "task" && source.items === undefined;
  return single && source.unit.state === "completed" ? source : undefined;
}

async function sourcesOf(run: GraphRun, node: NodeRun, outputs: Outputs): Promise<Map<string, Source>> {
  const budget = { left: limits.jsonBodyBytes };
  const wanted = new Map<string, boolean>();
  for (const { root, part } of node.node.spec.references)
    wanted.set(root, part === "output" || (wanted.get(root) ?? false));
  const sources = new Map<string, Source>();
  for (const [root, output] of wanted) {
    const index = node.node.sources.get(root) as number;
    sources.set(root, await outputs.source(run, index, budget, output));
  }
  return sources;
}

function lookUpIn(
  sources: ReadonlyMap<string, Source>,
  list: readonly unknown[] | undefined,
  item: number,
): (reference: Reference) => unknown {
  return (reference) => {
    if (reference.root === "index") return item;
    if (reference.root === "item")
      return valueAt(reference, { status: "", output: list?.[item], error: null });
    return valueAt(reference, sources.get(reference.root) ?? nothing(reference));
  };
}

function nothing({ text }: Reference): never {
  throw new ErrandError("Internal", `${text} was not looked up`);
}
