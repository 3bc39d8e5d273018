/**
 * `POST /v1/graphs`: the body's schema, and what it becomes. Fields of tasks are checked and read as in a submission (names of
 * priorities, shortened peers); what makes a graph of them is checked by the node.
 */
import { ErrandError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import type { ErrandNode, GraphSpec } from "../node/node.ts";
import { fullPeerId } from "./context.ts";
import { parsePriority } from "./priority.ts";
import { submissionSchema } from "./submission.ts";
import { bodyChecker } from "./validation.ts";

const {
  input: _input,
  inputBlob: _blob,
  notBefore: _notBefore,
  delayMs: _delay,
  parentId: _parent,
  idempotencyKey: _key,
  traceparent: _trace,
  ...settings
} = submissionSchema.properties;

const defaults = { type: "object", description: "For all its nodes", properties: settings };

/** For the OpenAPI document; the node says what is wrong with a graph better than a schema does. */
export const graphSchema = {
  type: "object",
  required: ["nodes"],
  properties: {
    name: { type: "string", maxLength: 128 },
    failFast: {
      type: "boolean",
      description:
        "After the first failure nothing starts but nodes with all-done or one-failed. Default true",
    },
    cancelRunning: {
      type: "boolean",
      description: "With failFast: what runs is cancelled too. Default false",
    },
    defaults,
    nodes: {
      type: "object",
      description: `By id; at most ${limits.graphTasks} with the items of fan-outs. A list of ids alone is short for needs`,
      additionalProperties: {
        description: `Either a list of ids, or an object: skill and other fields of a task; input (with {"$ref": "NODE.output.path"} and "\${NODE.output.path}"); inputFrom: NODE; needs: ids; when: all-success, all-done, one-failed, none-failed; forEach: a list or a reference; graph: {defaults, nodes} instead of skill`,
      },
    },
  },
};

const check = bodyChecker({ type: "object", properties: settings });

/** Throws `InvalidInput`; `NotFound` or `Ambiguous` for a shortened peer. */
export function toGraphSpec(body: object, node: ErrandNode): GraphSpec {
  return scope(body, "", node, 1) as GraphSpec;
}

/** Only what is there and understood changes; the rest is the node's to judge. */
function scope(graph: unknown, prefix: string, node: ErrandNode, depth: number): unknown {
  if (!isObject(graph) || depth > limits.graphDepth) return graph;
  const { defaults: given, nodes: members, ...rest } = graph;
  const made: Record<string, unknown> = { ...rest };
  if (given !== undefined) made["defaults"] = settingsOf(given, `${prefix}defaults`, node);
  if (members !== undefined)
    made["nodes"] = !isObject(members)
      ? members
      : Object.fromEntries(
          Object.entries(members).map(([name, member]) => {
            const id = `${prefix}${name.slice(0, 64)}`;
            const read = settingsOf(member, id, node);
            return [
              name,
              isObject(read) && read["graph"] !== undefined
                ? { ...read, graph: scope(read["graph"], `${id}/`, node, depth + 1) }
                : read,
            ];
          }),
        );
  return made;
}

function settingsOf(value: unknown, where: string, node: ErrandNode): unknown {
  if (!isObject(value)) return value;
  const wrong = check(value);
  if (wrong !== undefined) throw prefixed(wrong, where);
  const read = { ...value };
  try {
    if (read["priority"] !== undefined) read["priority"] = parsePriority(read["priority"] as string | number);
    if (read["peer"] !== undefined) read["peer"] = fullPeerId(node, read["peer"] as string);
  } catch (error) {
    throw error instanceof ErrandError ? prefixed(error, where) : error;
  }
  return read;
}

function prefixed({ code, message, hint, details }: ErrandError, where: string): ErrandError {
  return new ErrandError(code, `${where}: ${message}`, {
    hint,
    ...(details === undefined ? {} : { details }),
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
