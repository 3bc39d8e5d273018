/**
 * Loads an operator's own skills from files: a TypeScript or JavaScript module whose default export is `{ definition, run }`
 * (or a list of them), or a YAML file that declares a command. Everything wrong is said with the file's name. A module is
 * imported here to read its definition; its `run` is for the executors.
 */
import { readFile, stat } from "node:fs/promises";
import { dirname, extname, isAbsolute, relative, resolve } from "node:path";
import { parse } from "yaml";
import { ErrandError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import { importSkills } from "./resolve.ts";
import { compileSchema, problemWith } from "./schema.ts";
import { checkDefinition, type OfferedSkill, type SkillDefinition, type SkillSource } from "./skill.ts";

export interface LoadOptions {
  /** What relative paths are relative to. */
  cwd?: string;
  /** Skills the node offers already: their ids are taken. */
  offered?: readonly OfferedSkill[];
}

const moduleEndings = [".ts", ".mts", ".js", ".mjs"];
const yamlEndings = [".yaml", ".yml"];

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
  if (yamlEndings.includes(ending)) return [await loadCommand(path, spec)];
  throw wrong(
    spec,
    `files ending in "${ending}" hold no skill`,
    `It must be one of ${[...moduleEndings, ...yamlEndings].join(", ")}.`,
  );
}

async function loadModule(path: string, spec: string): Promise<OfferedSkill[]> {
  let exported: unknown[];
  try {
    exported = await importSkills(path);
  } catch (cause) {
    throw wrong(spec, `importing it failed: ${messageOf(cause)}`, moduleHint(cause), cause);
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

async function loadCommand(path: string, spec: string): Promise<OfferedSkill> {
  let document: unknown;
  try {
    document = parse(await readFile(path, "utf8"), { maxAliasCount: 100 });
  } catch (cause) {
    throw wrong(spec, `it is not YAML: ${messageOf(cause)}`, "Check the indentation at that place.", cause);
  }
  if (typeof document !== "object" || document === null || Array.isArray(document)) {
    throw wrong(spec, "it is not a map of fields", commandHint);
  }
  const { command, cwd, env, ...definition } = document as Record<string, unknown>;
  const unknown = Object.keys(definition).find((key) => !definitionKeys.has(key));
  if (unknown !== undefined) throw wrong(spec, `it has the unknown field "${unknown}"`, commandHint);
  if (definition["cheap"] === true)
    throw wrong(spec, "a command cannot be cheap", "It takes a process of its own.");
  return { definition: checked(definition, spec), source: commandSource({ command, cwd, env }, path, spec) };
}

const commandHint = "A command is declared by id, version, description, input, output and command.";
const definitionKeys = new Set<string>([
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

/** Relative paths are relative to the file, so that a folder with skills can be moved as a whole. */
function commandSource(
  fields: Record<"command" | "cwd" | "env", unknown>,
  path: string,
  spec: string,
): SkillSource {
  const { command, cwd, env } = fields;
  if (
    !Array.isArray(command) ||
    command.length === 0 ||
    !command.every((arg) => typeof arg === "string" && arg !== "")
  ) {
    throw wrong(
      spec,
      "command must be a list of strings",
      'Such as command: ["node", "./x.js"]; there is no shell.',
    );
  }
  if (cwd !== undefined && typeof cwd !== "string") throw wrong(spec, "cwd must be a string", commandHint);
  const vars = env ?? {};
  const plain =
    typeof vars === "object" &&
    !Array.isArray(vars) &&
    Object.values(vars).every((v) => typeof v === "string");
  if (!plain) throw wrong(spec, "env must be a map of strings", 'Put numbers in quotes: PORT: "80".');
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

function messageOf(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).split("\n", 1)[0] ?? "";
}

function wrong(where: string, rule: string, hint: string, cause?: unknown): ErrandError {
  const shown = isAbsolute(where) && where.startsWith(process.cwd()) ? relative(process.cwd(), where) : where;
  return new ErrandError("InvalidConfig", `${shown}: ${rule}`, { hint, cause });
}
