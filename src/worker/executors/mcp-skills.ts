/**
 * From the tools of an MCP server to skills, and from a tool's result to a skill's output. What a server says of itself is
 * bounded and checked like a skill file: a tool that makes no skill is left out, with the reason.
 */
import type { CallToolResult, Tool } from "@modelcontextprotocol/client";
import { ErrandError, toErrandError } from "../../core/errors.ts";
import { limits, safeMessage } from "../../core/limits.ts";
import { isSkillId } from "../../core/ids.ts";
import type { McpServerSpec } from "../../skills/mcp-spec.ts";
import { compileSchema } from "../../skills/schema.ts";
import { checkDefinition, type JsonSchema, type OfferedSkill } from "../../skills/skill.ts";

const semver = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)/;
const descriptionCharacters = 1_000;

/** What a tool without an output schema gives. */
const contentSchema: JsonSchema = {
  type: "object",
  properties: {
    text: { type: "string", description: "All parts that are text, joined." },
    content: { type: "array", items: { type: "object" }, description: "The parts as the tool gave them." },
  },
  required: ["content"],
};

/** Skills `mcp.SERVER.TOOL`, in the order of the tools, and one sentence for each tool that is left out. */
export function toolSkills(
  spec: McpServerSpec,
  tools: readonly Tool[],
  serverVersion: string,
): { skills: OfferedSkill[]; left: string[] } {
  const skills = new Map<string, OfferedSkill>();
  const left: string[] = [];
  for (const tool of tools) {
    if (spec.tools !== undefined && !spec.tools.includes(tool.name)) continue;
    const id = skillId(spec.name, tool.name);
    try {
      if (id === undefined) throw new Error("its name makes no skill id");
      if (tool.execution?.taskSupport === "required")
        throw new Error("it runs as a task of the server's alone");
      if (skills.has(id)) throw new Error(`another tool is ${id} already`);
      skills.set(id, toolSkill(spec.name, id, tool, serverVersion));
    } catch (error) {
      left.push(safeMessage(`the tool ${tool.name} is left out: ${toErrandError(error).message}`));
    }
  }
  for (const wanted of spec.tools ?? []) {
    if (!tools.some(({ name }) => name === wanted)) left.push(`the server has no tool ${wanted}`);
  }
  return { skills: [...skills.values()], left };
}

/** `getSum`, `get_sum` and `get-sum` are all `get-sum`. */
export function skillId(server: string, tool: string): string | undefined {
  const word = tool
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  const id = `mcp.${server}.${word}`;
  return word !== "" && isSkillId(id) ? id : undefined;
}

function toolSkill(server: string, id: string, tool: Tool, serverVersion: string): OfferedSkill {
  const description = (tool.description ?? tool.title ?? "").trim() || `The tool ${tool.name} of ${server}.`;
  const { annotations = {}, outputSchema } = tool;
  const title = tool.title ?? annotations.title;
  const definition = checkDefinition(
    {
      id,
      version: semver.test(serverVersion) ? (semver.exec(serverVersion)?.[0] ?? "0.0.0") : "0.0.0",
      ...(title === undefined ? {} : { name: title.slice(0, 64) }),
      description: description.slice(0, descriptionCharacters),
      tags: ["mcp", server],
      input: usable(tool.inputSchema) ?? { type: "object" },
      output: (outputSchema === undefined ? undefined : usable(outputSchema)) ?? contentSchema,
      idempotent: annotations.idempotentHint === true || annotations.readOnlyHint === true,
    },
    id,
  );
  return { definition, source: { kind: "mcp", server, tool: tool.name } };
}

/** The schema, if this node can check it; the server checks it in any case. */
function usable(schema: object): JsonSchema | undefined {
  // Whatever draft it names: what tools use means the same in all of them.
  const { $schema: _dialect, ...rest } = schema as Record<string, unknown>;
  if (JSON.stringify(rest).length > limits.schemaBytes) return undefined;
  try {
    compileSchema(rest, "a tool's schema");
    return rest;
  } catch {
    return undefined;
  }
}

/** The output of a skill with this output schema. Throws `SkillFailed` when the tool says that it failed. */
export function toolOutput(result: CallToolResult, output: JsonSchema): unknown {
  const { content, structuredContent, isError } = result;
  const texts = content.flatMap((part) => (part.type === "text" ? [part.text] : []));
  if (isError === true) {
    throw new ErrandError("SkillFailed", safeMessage(texts.join(" ") || "the tool failed without a message"));
  }
  if (output !== contentSchema && structuredContent !== undefined) return structuredContent;
  return {
    ...(texts.length > 0 && { text: texts.join("\n") }),
    content,
    ...(structuredContent !== undefined && { structured: structuredContent }),
  };
}
