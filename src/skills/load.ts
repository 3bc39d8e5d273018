/**
 * Loads an operator's own skills from files: a TypeScript or JavaScript module whose default export is `{ definition, run }`
 * (or a list of them), a Python file, or a YAML file that declares where the code is (`load-yaml.ts`). Everything wrong is said
 * with the file's name. A module is imported here to read its definition, a process started; running them is for the executors.
 */
import { stat } from "node:fs/promises";
import { extname, resolve } from "node:path";
import { limits } from "../core/limits.ts";
import { firstLine, wrongFile as wrong } from "./load-problem.ts";
import { readYaml } from "./load-yaml.ts";
import type { McpServerSpec } from "./mcp-spec.ts";
import { askProcess, pythonSource } from "./process-spec.ts";
import { importSkills } from "./resolve.ts";
import { compileSchema, problemWith } from "./schema.ts";
import { checkDefinition, type OfferedSkill, type ProcessSource, type SkillDefinition } from "./skill.ts";

export interface LoadOptions {
  /** What relative paths are relative to. */
  cwd?: string;
  /** Skills the node offers already: their ids are taken. */
  offered?: readonly OfferedSkill[];
}

const moduleEndings = [".ts", ".mts", ".js", ".mjs"];
const yamlEndings = [".yaml", ".yml"];
const pythonEnding = ".py";

/** The skills of all `specs` (paths), in order. Throws `InvalidConfig` for the first file that is wrong. */
export async function loadSkills(
  specs: readonly string[],
  options: LoadOptions = {},
): Promise<OfferedSkill[]> {
  const cwd = options.cwd ?? process.cwd();
  const origins = new Map(
    (options.offered ?? []).map(({ definition }) => [definition.id, "a built-in skill"]),
  );
  const loaded: OfferedSkill[] = [];
  for (const spec of specs) {
    const path = resolve(cwd, spec);
    for (const skill of await loadFile(path, spec)) {
      const { id } = skill.definition;
      const taken = origins.get(id);
      if (taken !== undefined) {
        throw wrong(
          spec,
          `the id "${id}" is taken by ${taken}`,
          "Give it an id of its own, such as your-name.what-it-does.",
        );
      }
      origins.set(id, spec);
      loaded.push(skill);
    }
  }
  return loaded;
}

async function loadFile(path: string, spec: string): Promise<OfferedSkill[]> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true)
    throw wrong(spec, "there is no such file", "Check the path given to --skill.");
  const ending = extname(path).toLowerCase();
  if (moduleEndings.includes(ending)) return loadModule(path, spec);
  if (yamlEndings.includes(ending)) return loadYaml(path, spec);
  if (ending === pythonEnding) return loadProcess(pythonSource(path), spec);
  throw wrong(
    spec,
    `files ending in "${ending}" hold no skill`,
    `It must be one of ${[...moduleEndings, pythonEnding, ...yamlEndings].join(", ")}.`,
  );
}

async function loadModule(path: string, spec: string): Promise<OfferedSkill[]> {
  let exported: unknown[];
  try {
    exported = await importSkills(path);
  } catch (cause) {
    throw wrong(spec, `importing it failed: ${firstLine(cause)}`, moduleHint(cause), cause);
  }
  return exported.map((skill, index) => {
    const where = exported.length === 1 ? spec : `${spec}, skill ${index + 1}`;
    const { definition, run } = (skill ?? {}) as { definition?: unknown; run?: unknown };
    if (typeof run !== "function" || definition === undefined) {
      throw wrong(
        where,
        "its default export is not { definition, run }",
        "Export a skill, or a list of them, as default.",
      );
    }
    return { definition: checked(definition, where), source: { kind: "module", path } };
  });
}

function moduleHint(cause: unknown): string {
  const code = (cause as { code?: string } | null)?.code;
  if (code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX")
    return "Node strips types only: no enums, namespaces or parameter properties.";
  if (code === "ERR_MODULE_NOT_FOUND") return "Relative imports name the file with its ending.";
  return "Run it with node by itself to see the error in place.";
}

/** What is declared is the operator's; an MCP server's skills are not known before it is asked (`loadServers`). */
async function loadYaml(path: string, spec: string): Promise<OfferedSkill[]> {
  const declared = await readYaml(path, spec);
  if (declared.server !== undefined) return [];
  if (declared.process !== undefined) return loadProcess(declared.process, spec);
  return [{ definition: checked(declared.definition, spec), source: declared.source }];
}

/** A process is started here to say what it offers; those that serve start when there is work. */
async function loadProcess(source: ProcessSource, spec: string): Promise<OfferedSkill[]> {
  const definitions = await askProcess(source, spec);
  return definitions.map((definition, index) => {
    const where = definitions.length === 1 ? spec : `${spec}, skill ${index + 1}`;
    const { cheap } = (definition ?? {}) as { cheap?: unknown };
    if (cheap === true)
      throw wrong(where, "a process cannot be cheap", "It does not run in the node itself.");
    return { definition: checked(definition, where), source };
  });
}

/** The MCP servers that `specs` declare, in order. Throws `InvalidConfig`. */
export async function loadServers(
  specs: readonly string[],
  cwd: string = process.cwd(),
): Promise<McpServerSpec[]> {
  const servers = new Map<string, McpServerSpec>();
  for (const spec of specs) {
    const path = resolve(cwd, spec);
    if (!yamlEndings.includes(extname(path).toLowerCase())) continue;
    const { server } = await readYaml(path, spec);
    if (server === undefined) continue;
    if (servers.has(server.name))
      throw wrong(spec, `another server is called "${server.name}"`, "Give each a name of its own.");
    servers.set(server.name, server);
  }
  return [...servers.values()];
}

/** The definition with its schemas compiled once and its examples tried on them. */
function checked(value: unknown, where: string): SkillDefinition {
  const definition = checkDefinition(value, where);
  for (const side of ["input", "output"] as const) {
    if (JSON.stringify(definition[side]).length > limits.schemaBytes) {
      throw wrong(
        where,
        `definition.${side} is larger than ${limits.schemaBytes} bytes`,
        "Describe less of it.",
      );
    }
    compileSchema(definition[side], `${where}: definition.${side}`);
  }
  for (const [index, example] of (definition.examples ?? []).entries()) {
    const problem = problemWith(definition.input, example, "input");
    if (problem !== undefined) {
      throw wrong(
        where,
        `definition.examples[${index}] does not meet its own schema: ${problem}`,
        "Correct one or the other.",
      );
    }
  }
  return definition;
}
