/**
 * Skills declared in YAML: what kind of code a file names (one field says so) and where it is. To add a kind: a line in
 * `kinds`. The definition's own fields are checked by load.ts, as those of modules are.
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, resolve } from "node:path";
import { parse } from "yaml";
import { containerSchema, type ContainerSpec } from "./container-spec.ts";
import { httpSchema, httpSpec } from "./http-spec.ts";
import { firstLine, wrongFile } from "./load-problem.ts";
import { mcpSchema, mcpServerSpec, type McpServerSpec } from "./mcp-spec.ts";
import { presetDefinition } from "./model-infer.ts";
import { problemWith } from "./schema.ts";
import { processSchema, processSpec } from "./process-spec.ts";
import type { JsonSchema, ProcessSource, SandboxNeeds, SkillDefinition, SkillSource } from "./skill.ts";

/** One skill, a server whose tools will be skills, or a process that says itself which skills it has. */
export type YamlDeclaration =
  | {
      definition: Record<string, unknown>;
      source: SkillSource;
      server?: undefined;
      process?: undefined;
    }
  | { server: McpServerSpec; process?: undefined }
  | { process: ProcessSource; server?: undefined };

type Fields = Record<string, unknown>;

interface Kind {
  /** Of the file, besides those of the definition. The first one names the kind. */
  fields: readonly string[];
  read(fields: Fields, path: string, spec: string): { source: SkillSource; defaults?: Fields };
}

const commandKind: Kind = {
  fields: ["command", "cwd", "env", "sandbox"],
  read(fields, path, spec) {
    const source = commandSource(fields, path, spec);
    const { sandbox } = fields;
    if (sandbox === undefined) return { source };
    meets(sandboxSchema, sandbox, "sandbox", spec);
    return { source: { ...source, sandbox: sandbox as SandboxNeeds } };
  },
};

const kinds: readonly Kind[] = [
  commandKind,
  {
    fields: ["script"],
    read: ({ script }, path, spec) => ({ source: scriptSource(script, path, spec) }),
  },
  {
    fields: ["wasm", "argv"],
    read({ wasm, argv = [] }, path, spec) {
      meets({ type: "string", pattern: "\\.wasm$" }, wasm, "wasm", spec);
      meets({ type: "array", items: { type: "string" } }, argv, "argv", spec);
      const file = fileBeside(path, wasm as string, spec);
      return { source: { kind: "wasm", path: file, argv: argv as string[] } };
    },
  },
  {
    fields: ["container"],
    read: ({ container }, _path, spec) => {
      meets(containerSchema, container, "container", spec);
      return { source: { kind: "container", container: container as ContainerSpec } };
    },
  },
  {
    fields: ["http"],
    read: ({ http }, path, spec) => {
      meets(httpSchema, http, "http", spec);
      const found = httpSpec(http, dirname(path));
      const defaults = found.preset === undefined ? {} : presetDefinition(found.preset);
      return { source: { kind: "http", http: found }, defaults: { ...defaults } };
    },
  },
];

const positive = { type: "number", exclusiveMinimum: 0 };

/** JSON Schema of `SandboxNeeds`. */
const sandboxSchema: JsonSchema = {
  type: "object",
  required: ["tier"],
  additionalProperties: false,
  properties: {
    tier: { const: "T1" },
    network: { type: "boolean" },
    mounts: {
      type: "array",
      maxItems: 64,
      items: {
        type: "object",
        required: ["path"],
        additionalProperties: false,
        properties: { path: { type: "string", pattern: "^/" }, write: { type: "boolean" } },
      },
    },
    memoryMb: positive,
    cpuCores: positive,
    processes: { type: "integer", minimum: 1 },
    scratchMb: positive,
  },
};

const hint = `A skill is declared by id, version, description, input, output and one of ${[...kinds.map(({ fields }) => fields[0]), "process", "mcp"].join(", ")}.`;

const definitionFields = new Set<string>([
  "id",
  "version",
  "name",
  "description",
  "tags",
  "input",
  "output",
  "examples",
  "inputModes",
  "deterministic",
  "idempotent",
  "cheap",
  "price",
  "timeoutMs",
] satisfies (keyof SkillDefinition)[]);

/** Throws `InvalidConfig`. */
export async function readYaml(path: string, spec: string): Promise<YamlDeclaration> {
  const document = await readDocument(path, spec);
  if ("mcp" in document) {
    holdsAlone(document, "mcp", "The server itself describes its tools", spec);
    meets(mcpSchema, document["mcp"], "mcp", spec);
    return { server: mcpServerSpec(document["mcp"], dirname(path)) };
  }
  if ("process" in document) {
    holdsAlone(document, "process", "The process itself describes its skills", spec);
    meets(processSchema, document["process"], "process", spec);
    return { process: processSpec(document["process"], dirname(path)) };
  }
  const kind = kinds.find(({ fields }) => (fields[0] as string) in document);
  // A file without any of them was most likely meant to hold a command.
  const { fields, read } = kind ?? commandKind;
  const unknown = Object.keys(document).find((key) => !definitionFields.has(key) && !fields.includes(key));
  if (unknown !== undefined) throw wrongFile(spec, `it has the unknown field "${unknown}"`, hint);
  if (document["cheap"] === true)
    throw wrongFile(spec, `a ${fields[0]} cannot be cheap`, "It does not run in the node itself.");
  const { source, defaults = {} } = read(document, path, spec);
  const given = Object.entries(document).filter(([key]) => definitionFields.has(key));
  return { definition: { ...defaults, ...Object.fromEntries(given) }, source };
}

async function readDocument(path: string, spec: string): Promise<Fields> {
  let document: unknown;
  try {
    document = parse(await readFile(path, "utf8"), { maxAliasCount: 100 });
  } catch (cause) {
    throw wrongFile(
      spec,
      `it is not YAML: ${firstLine(cause)}`,
      "Check the indentation at that place.",
      cause,
    );
  }
  if (typeof document !== "object" || document === null || Array.isArray(document)) {
    throw wrongFile(spec, "it is not a map of fields", hint);
  }
  return document as Fields;
}

function holdsAlone(document: Fields, field: string, why: string, spec: string): void {
  const other = Object.keys(document).find((key) => key !== field);
  if (other !== undefined)
    throw wrongFile(
      spec,
      `it has the field "${other}" beside ${field}`,
      `${why}: the file holds ${field} alone.`,
    );
}

function meets(schema: JsonSchema, value: unknown, name: string, spec: string): void {
  const problem = problemWith(schema, value, name);
  if (problem !== undefined) throw wrongFile(spec, problem, "See src/skills/README.md.");
}

function fileBeside(path: string, name: string, spec: string): string {
  const file = resolve(dirname(path), name);
  if (!existsSync(file))
    throw wrongFile(spec, `there is no file ${name}`, "Paths are relative to the YAML file.");
  return file;
}

/** The language is told by the file's ending. */
function scriptSource(script: unknown, path: string, spec: string): SkillSource {
  meets({ type: "string", pattern: "\\.(?:js|py)$" }, script, "script", spec);
  const file = fileBeside(path, script as string, spec);
  return { kind: "script", path: file, language: file.endsWith(".py") ? "python" : "javascript" };
}

/** Relative paths are relative to the file, so that a folder with skills can be moved as a whole. */
function commandSource(
  { command, cwd, env }: Fields,
  path: string,
  spec: string,
): Extract<SkillSource, { kind: "command" }> {
  if (
    !Array.isArray(command) ||
    command.length === 0 ||
    !command.every((arg) => typeof arg === "string" && arg !== "")
  ) {
    throw wrongFile(
      spec,
      "command must be a list of strings",
      'Such as command: ["node", "./x.js"]; there is no shell.',
    );
  }
  if (cwd !== undefined && typeof cwd !== "string") throw wrongFile(spec, "cwd must be a string", hint);
  const vars = env ?? {};
  const plain =
    typeof vars === "object" &&
    !Array.isArray(vars) &&
    Object.values(vars).every((v) => typeof v === "string");
  if (!plain) throw wrongFile(spec, "env must be a map of strings", 'Put numbers in quotes: PORT: "80".');
  const folder = dirname(path);
  const argv = (command as string[]).map((arg, index) =>
    /^\.{1,2}\//.test(arg) || (index === 0 && arg.includes("/")) ? resolve(folder, arg) : arg,
  );
  return {
    kind: "command",
    argv,
    ...(cwd === undefined ? {} : { cwd: isAbsolute(cwd) ? cwd : resolve(folder, cwd) }),
    ...(env === undefined ? {} : { env: vars as Record<string, string> }),
  };
}
