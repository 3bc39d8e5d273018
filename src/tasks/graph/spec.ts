/**
 * A graph as its user writes it, and its check: known fields, ids, rules, references, bounds. Errors name the node and the
 * field, and what was probably meant. What depends on what is plan.ts.
 */
import { ErrandError, toErrandError } from "../../core/errors.ts";
import { jsonBody } from "../../core/body.ts";
import { limits } from "../../core/limits.ts";
import { nearestName } from "../../core/spelling.ts";
import { fillSpec } from "../submission.ts";
import type { Submission } from "../task.ts";
import { parseReference, referencesIn, type Reference } from "./references.ts";

export const TRIGGERS = ["all-success", "all-done", "one-failed", "none-failed"] as const;
export type Trigger = (typeof TRIGGERS)[number];

const settings = [
  "skill",
  "skillVersion",
  "priority",
  "requirements",
  "limits",
  "peer",
  "minTrust",
  "maxPrice",
  "retry",
  "retries",
  "attemptTimeoutMs",
  "taskTimeoutMs",
  "queueTimeoutMs",
  "idempotent",
  "onLost",
  "labels",
  "cache",
  "concurrencyKey",
  "concurrency",
  "verify",
] as const;

/** What each node may say of its tasks, and the graph for all of them. */
export type NodeSettings = Partial<Pick<Submission, Exclude<(typeof settings)[number], "retries">>> & {
  /** Short for `retry.retries`. */
  retries?: number;
};

export interface NodeSpec extends NodeSettings {
  /** Any JSON, with references. Absent: {}, or the item in a fan-out. */
  input?: unknown;
  /** The whole input is what this refers to, bytes and all: `NODE` or `NODE.output.path`. */
  inputFrom?: string;
  /** Ids of nodes of the same graph. References imply theirs. */
  needs?: string[];
  when?: Trigger;
  /** One task for each item; the output is the list of theirs, in order. */
  forEach?: unknown;
  /** Instead of a skill: nodes of their own. Its output is those of its last nodes, by id. */
  graph?: NestedGraph;
}

export interface NestedGraph {
  defaults?: NodeSettings;
  /** A list of ids alone is short for `needs`. */
  nodes: Record<string, NodeSpec | string[]>;
}

export interface GraphSpec extends NestedGraph {
  name?: string;
  /** After the first failure nothing starts any more but nodes with `all-done` or `one-failed`. Default true. */
  failFast?: boolean;
  /** With failFast: what runs is cancelled too. Default false. */
  cancelRunning?: boolean;
}

export interface CheckedNode {
  /** In its own graph. */
  name: string;
  /** In the whole: `outer/inner`. */
  id: string;
  needs: readonly string[];
  when: Trigger;
  /** In the input, inputFrom and forEach, without `item` and `index`. */
  references: readonly Reference[];
  /** Everything of a submission but its input. Undefined for a nested graph. */
  task: Omit<Submission, "input"> | undefined;
  input: unknown;
  inputFrom: Reference | undefined;
  /** A list or a reference to one; undefined for a single task. */
  forEach: unknown;
  nested: readonly CheckedNode[] | undefined;
}

const nodeFields = ["input", "inputFrom", "needs", "when", "forEach", "graph", ...settings];
const graphFields = ["name", "failFast", "cancelRunning", "defaults", "nodes"];
const idPattern = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/;
const reserved = new Set(["item", "index", "__proto__"]);

/** Throws `InvalidInput`, or `LimitExceeded` for too large a graph. */
export function checkGraph(value: unknown): { spec: GraphSpec; nodes: readonly CheckedNode[] } {
  const spec = fields(value, "the graph", graphFields) as unknown as GraphSpec;
  must(
    spec.name === undefined || (typeof spec.name === "string" && spec.name.length <= 128),
    "name must be a text of at most 128 characters",
  );
  for (const flag of ["failFast", "cancelRunning"] as const)
    must(spec[flag] === undefined || typeof spec[flag] === "boolean", `${flag} must be true or false`);
  const budget = { left: limits.graphTasks };
  return { spec, nodes: checkScope(spec, "", {}, budget, 1) };
}

function checkScope(
  graph: NestedGraph,
  prefix: string,
  outer: NodeSettings,
  budget: { left: number },
  depth: number,
): CheckedNode[] {
  const where = prefix === "" ? "the graph" : `the graph of ${prefix.slice(0, -1)}`;
  const given = graph.defaults === undefined ? {} : fields(graph.defaults, `${where}: defaults`, settings);
  const defaults = merged(outer, given);
  must(isObject(graph.nodes), `${where} has no nodes`, 'Write nodes: { "a": { "skill": "echo" } }.');
  const entries = Object.entries(graph.nodes);
  must(entries.length > 0, `${where} has no nodes`);
  return entries.map(([name, node]) => {
    const id = `${prefix}${name}`;
    must(
      idPattern.test(name) && !reserved.has(name),
      `"${name.slice(0, 64)}" cannot be the id of a node`,
      "Ids begin with a letter and have letters, digits, - and _; item and index have a meaning of their own.",
    );
    spend(budget, 1);
    try {
      return checkNode(name, id, Array.isArray(node) ? { needs: node } : node, defaults, budget, depth);
    } catch (error) {
      const { code, message, hint } = toErrandError(error, "InvalidInput");
      throw message.startsWith(id)
        ? error
        : new ErrandError(code, `${id}: ${message}`, { hint, cause: error });
    }
  });
}

function checkNode(
  name: string,
  id: string,
  value: unknown,
  defaults: NodeSettings,
  budget: { left: number },
  depth: number,
): CheckedNode {
  const node = fields(value, id, nodeFields) as NodeSpec;
  const { needs = [], when = "all-success", inputFrom } = node;
  must(Array.isArray(needs) && needs.every((one) => typeof one === "string"), "needs must be a list of ids");
  must(TRIGGERS.includes(when), `when must be one of ${TRIGGERS.join(", ")}`);
  must(inputFrom === undefined || typeof inputFrom === "string", "inputFrom must be a reference");
  must(
    inputFrom === undefined || node.input === undefined,
    "both input and inputFrom were given",
    "Give one of them.",
  );
  const from =
    inputFrom === undefined
      ? undefined
      : parseReference(/[.]|^item$|^index$/.test(inputFrom) ? inputFrom : `${inputFrom}.output`);
  const forEach = checkForEach(node.forEach, budget);
  const references = [
    ...referencesIn(node.input),
    ...(from === undefined ? [] : [from]),
    ...referencesIn(forEach),
  ];
  const own = references.find(({ root }) => reserved.has(root));
  must(own === undefined || forEach !== undefined, `${own?.text} has a meaning only with forEach`);
  must(
    !referencesIn(forEach).some(({ root }) => reserved.has(root)),
    "forEach cannot refer to its own items",
  );
  const checked = {
    name,
    id,
    needs,
    when,
    forEach,
    references: references.filter(({ root }) => !reserved.has(root)),
  };
  must(
    when !== "one-failed" || needs.length + checked.references.length > 0,
    "one-failed without needs would never run",
  );
  const nested = node.graph === undefined ? undefined : checkNested(node, id, defaults, budget, depth);
  return {
    ...checked,
    task: nested === undefined ? taskOf(merged(defaults, node)) : undefined,
    input: node.input,
    inputFrom: from,
    nested,
  };
}

function checkNested(
  node: NodeSpec,
  id: string,
  defaults: NodeSettings,
  budget: { left: number },
  depth: number,
): CheckedNode[] {
  const graph = fields(node.graph, "graph", ["defaults", "nodes"]) as unknown as NestedGraph;
  for (const field of ["skill", "input", "inputFrom", "forEach"] as const)
    must(
      node[field] === undefined,
      `${field} and graph were both given`,
      "A node is a task or a graph; its nodes can refer to those outside, and have a forEach of their own.",
    );
  if (depth >= limits.graphDepth)
    throw new ErrandError("LimitExceeded", `graphs are nested deeper than ${limits.graphDepth}`);
  const { needs: _needs, when: _when, graph: _graph, ...own } = node;
  return checkScope(graph, `${id}/`, merged(defaults, own), budget, depth + 1);
}

function checkForEach(value: unknown, budget: { left: number }): unknown {
  if (value === undefined) return undefined;
  if (typeof value === "string") return { $ref: parseReference(value).text };
  if (Array.isArray(value)) spend(budget, value.length);
  else must(isObject(value) && "$ref" in value, "forEach must be a list or a reference to one");
  return value;
}

function spend(budget: { left: number }, count: number): void {
  budget.left -= count;
  if (budget.left < 0)
    throw new ErrandError("LimitExceeded", `a graph may have at most ${limits.graphTasks} nodes and items`, {
      hint: "Make several graphs of it, or give each task more to do.",
    });
}

function merged(outer: NodeSettings, inner: NodeSettings): NodeSettings {
  const labels = { ...outer.labels, ...inner.labels };
  const requirements = { ...outer.requirements, ...inner.requirements };
  const retry = { ...outer.retry, ...inner.retry };
  return { ...outer, ...inner, labels, requirements, retry };
}

/** Checked as a submission is. */
function taskOf(given: NodeSettings): Omit<Submission, "input"> {
  const { retries, ...rest } = given;
  must(
    typeof rest.skill === "string",
    "there is no skill",
    "Give the node a skill or a graph, or the graph defaults: { skill: … }.",
  );
  const task: Record<string, unknown> = {};
  for (const key of settings) {
    if (key === "retries" || rest[key] === undefined) continue;
    if (typeof rest[key] === "object" && Object.keys(rest[key]).length === 0) continue;
    task[key] = rest[key];
  }
  if (retries !== undefined) task["retry"] = { ...rest.retry, retries };
  const checked = task as unknown as Omit<Submission, "input">;
  fillSpec({ ...checked, input: jsonBody(null) });
  return checked;
}

function fields(value: unknown, where: string, known: readonly string[]): Record<string, unknown> {
  must(isObject(value), `${where} must be an object`);
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    const near = nearestName(key, known);
    throw new ErrandError("InvalidInput", `${where} has no field "${key.slice(0, 64)}"`, {
      hint: near === undefined ? `The fields are: ${known.join(", ")}.` : `Did you mean "${near}"?`,
    });
  }
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function must(ok: boolean, message: string, hint?: string): asserts ok {
  if (!ok) throw new ErrandError("InvalidInput", message, { hint });
}
