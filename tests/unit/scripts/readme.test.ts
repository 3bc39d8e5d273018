/** The README's facts that drift: commands, keys, exit codes, routes, links, and the skills it tells people to copy. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command, Option } from "commander";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exitCodes } from "../../../bin/exit-codes.ts";
import { buildProgram } from "../../../bin/program.ts";
import { ErrandError } from "../../../src/core/errors.ts";
import { checkConfig } from "../../../src/node/config-file.ts";
import { resolveConfig } from "../../../src/node/config.ts";
import { builtinOffers } from "../../../src/skills/registry.ts";
import { loadSkills } from "../../../src/skills/load.ts";
import type { Skill } from "../../../src/skills/skill.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const readme = await readFile(join(root, "README.md"), "utf8");

/** The text below a heading, up to the next of its level. */
function section(title: string): string {
  const parts = readme.split(/^## /m).filter((part) => part.startsWith(`${title}\n`));
  expect(parts, `sections called "${title}"`).toHaveLength(1);
  return parts[0] ?? "";
}

function blocks(text: string, language: string): string[] {
  return Array.from(text.matchAll(/^```(\w+)\n([^]*?)^```$/gm))
    .filter(([, name]) => name === language)
    .map(([, , code]) => code ?? "");
}

/** First cells of a table's rows that are one code span. */
function codeCells(text: string): string[] {
  return Array.from(text.matchAll(/^\| `([^`]+)` \|/gm), ([, cell]) => cell ?? "");
}

/** As a shell would split it; enough for what a README says. */
function words(line: string): string[] {
  return Array.from(
    line.replace(/\s#.*$/, "").matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g),
    ([, single, double, bare]) => single ?? double ?? bare ?? "",
  );
}

/** The commands in shell blocks: complete, to be typed as they are. */
function typed(text: string): string[] {
  return blocks(text, "sh")
    .flatMap((block) => block.split("\n"))
    .flatMap((line) => line.split(/\s(?:&&|\|)\s/))
    .map((line) => line.replace(/\s&$/, "").replace(/^npx /, ""))
    .filter(isCommand);
}

/** Those in code spans: with their arguments or without. */
function mentioned(text: string): string[] {
  const prose = text.replaceAll(/^```[^]*?^```$/gm, "");
  return Array.from(prose.matchAll(/`(?:npx )?(errand [^`]+)`/g), ([, span]) => span ?? "").filter(isCommand);
}

function isCommand(line: string): boolean {
  return /^errand [a-z_]/.test(line) && !line.startsWith("errand needs ");
}

interface Typed {
  command: Command;
  operands: string[];
  flags: string[];
}

/** Walks the tree of commands as far as the words name it. Throws for a flag that is not there. */
function parse(program: Command, line: string): Typed {
  let command = program;
  const [operands, flags]: string[][] = [[], []];
  const rest = words(line).slice(1);
  for (let i = 0; i < rest.length; i++) {
    const word = rest[i] ?? "";
    if (/^--?[a-z]/.test(word)) {
      const option = optionOf(command, program, word);
      if (option === undefined) throw new Error(`${line}: ${command.name()} has no ${word}`);
      flags?.push(word);
      if (option.required && rest[++i] === undefined) throw new Error(`${line}: ${word} takes a value`);
      continue;
    }
    const child = operands?.length === 0 ? command.commands.find((one) => one.name() === word) : undefined;
    if (child !== undefined) command = child;
    else operands?.push(word);
  }
  return { command, operands: operands ?? [], flags: flags ?? [] };
}

function optionOf(command: Command, program: Command, flag: string): Option | undefined {
  return [...command.options, ...program.options].find(({ long, short }) => flag === long || flag === short);
}

let program: Command;
beforeAll(async () => {
  program = await buildProgram([], true);
});

describe("commands in the README", () => {
  it("exist, with their flags and as many arguments", () => {
    expect(typed(readme).length).toBeGreaterThan(15);
    expect(mentioned(readme).length).toBeGreaterThan(30);
    for (const line of [...typed(readme), ...mentioned(readme)]) {
      const { command, operands } = parse(program, line);
      expect(command, line).not.toBe(program);
      expect(command.commands.length, `${line}: its subcommand is missing or unknown`).toBe(0);
      expect(operands.length, line).toBeLessThanOrEqual(command.registeredArguments.length);
    }
    for (const line of typed(readme)) {
      const { command, operands } = parse(program, line);
      const required = command.registeredArguments.filter((argument) => argument.required);
      expect(operands.length, line).toBeGreaterThanOrEqual(required.length);
    }
  });

  it("have the flags that stand beside them in the table", () => {
    const rows = section("Command line")
      .split("\n")
      .filter((line) => line.startsWith("| `errand "));
    expect(rows.length).toBeGreaterThan(15);
    for (const row of rows) {
      const flags = Array.from(row.matchAll(/`(--?[a-z][a-z-]*)`/g), ([, flag]) => flag ?? "");
      for (const line of mentioned(row)) {
        const { command } = parse(program, line);
        for (const flag of flags) expect(optionOf(command, program, flag), `${line}: ${flag}`).toBeDefined();
      }
    }
  });

  it("are real in the hints of errors too", async () => {
    const hints: string[] = [];
    for (const folder of ["src", "bin"]) {
      for (const file of await readdir(join(root, folder), { recursive: true })) {
        if (!file.endsWith(".ts")) continue;
        const text = await readFile(join(root, folder, file), "utf8");
        for (const [, line = ""] of text.matchAll(/`(errand [a-z][^`\\\n]*)\\?`/g))
          hints.push(line.replaceAll(/\$\{[^}]*\}/g, "X"));
      }
    }
    // Prose such as `errand knows` is no command; a known command must have the subcommand and the flags.
    const names = new Set(program.commands.map((command) => command.name()));
    const real = hints.filter((line) => names.has(words(line)[1] ?? ""));
    expect(real.length).toBeGreaterThan(20);
    for (const line of real) {
      const { command, operands } = parse(program, line);
      if (/^[a-z]/.test(operands[0] ?? "")) expect(command.commands.length, line).toBe(0);
    }
  });

  it("are refused here when they do not exist", () => {
    expect(() => parse(program, "errand run echo --colour")).toThrow("has no --colour");
    expect(() => parse(program, "errand up --preset")).toThrow("takes a value");
    expect(parse(program, "errand task look ID").command.commands.length).toBeGreaterThan(0);
  });
});

it("lists the exit codes there are", () => {
  const codes = Array.from(section("Command line").matchAll(/^\| (\d+) \|/gm), ([, code]) => Number(code));
  expect(codes).toEqual(Object.values(exitCodes));
});

describe("the configuration in the README", () => {
  it("names keys that exist, with their defaults", async () => {
    const text = section("Configuration");
    expect(codeCells(text).length).toBeGreaterThan(15);
    expect(knownKeys()).toEqual(expect.arrayContaining(codeCells(text)));
    const defaults: Record<string, unknown> = { ...(await resolveConfig({ env: {}, cwd: root })) };
    const { host, port } = defaults["api"] as { host: string; port: number };
    defaults["api"] = `${host}:${port}`;
    const rows = Array.from(text.matchAll(/^\| `(\w+)` \| `([^`]+)` \|/gm));
    expect(rows.length).toBeGreaterThan(10);
    for (const [, key = "", shown] of rows) {
      const value = defaults[key];
      expect(typeof value === "string" ? value : JSON.stringify(value), key).toBe(shown);
    }
  });

  it("shows a file that is valid", async () => {
    const { parse: parseYaml } = await import("yaml");
    const [file = ""] = blocks(section("Configuration"), "yaml");
    expect(checkConfig(parseYaml(file), "README.md")).toHaveProperty("preset");
  });

  it("names environment variables that count", async () => {
    const names = Array.from(
      section("Configuration").matchAll(/`(ERRAND_[A-Z_]+)`/g),
      ([, name]) => name ?? "",
    );
    expect(names.length).toBeGreaterThan(10);
    const others: Record<string, string> = {
      ERRAND_PRESET: "lan",
      ERRAND_NAME: "other",
      ERRAND_NETWORK: "other",
      ERRAND_API: "127.0.0.1:1",
      ERRAND_ROLE: "storage",
      ERRAND_LOG_LEVEL: "debug",
    };
    const usual = await resolveConfig({ env: {}, cwd: root });
    for (const name of names) {
      const value = others[name] ?? "/ip4/127.0.0.1/tcp/1";
      expect(await resolveConfig({ env: { [name]: value }, cwd: root }), name).not.toEqual(usual);
    }
  });
});

/** The hint for an unknown key names them all. */
function knownKeys(): string[] {
  try {
    checkConfig({ xyzzyxyzzyxyzzy: 1 }, "test");
  } catch (error) {
    const { hint = "" } = error as ErrandError;
    const [, list] = /^The keys are: (.*)\.$/.exec(hint) ?? [];
    if (list !== undefined) return list.split(", ");
  }
  throw new Error("the hint for an unknown key lists no keys any more");
}

describe("the skills in the README", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "errand-readme-"));
    const text = section("Write a skill");
    await writeFile(join(folder, "word-lengths.ts"), blocks(text, "ts")[0] ?? "");
    await writeFile(join(folder, "reverse.yaml"), blocks(text, "yaml")[0] ?? "");
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("load, and the function does what it says", async () => {
    const loaded = await loadSkills(["word-lengths.ts", "reverse.yaml"], { cwd: folder });
    expect(loaded.map(({ definition }) => definition.id)).toEqual(["acme.word-lengths", "acme.reverse"]);
    const { default: skill } = (await import(join(folder, "word-lengths.ts"))) as {
      default: Skill<{ text: string }>;
    };
    const context = { signal: new AbortController().signal, progress: () => undefined } as never;
    expect(await skill.run({ text: "to be or not to be" }, context)).toEqual({ lengths: { 2: 5, 3: 1 } });
  });

  it("names the built-in ones", () => {
    const [, listed = ""] = /^These skills come with a node: ([^]*?)\. /m.exec(section("Words")) ?? [];
    const ids = Array.from(listed.matchAll(/`([a-z.]+)`/g), ([, id]) => id);
    expect(ids).toEqual(builtinOffers().map(({ definition }) => definition.id));
  });
});

it("names npm scripts that exist", async () => {
  const { scripts } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const named = Array.from(
    readme.matchAll(/\bnpm (?:run ([a-z:]+)|(test|start))/g),
    ([, run, short]) => run ?? short ?? "",
  );
  expect(named.length).toBeGreaterThan(5);
  for (const name of named) expect(Object.keys(scripts)).toContain(name);
});

it("names routes of the API that exist", async () => {
  const folder = join(root, "src/api/routes");
  const sources = await Promise.all(
    (await readdir(folder)).map((file) => readFile(join(folder, file), "utf8")),
  );
  const paths = Array.from(sources.join("").matchAll(/"(\/v1\/[^"]+)"/g), ([, path]) =>
    path?.replaceAll(/:\w+/g, "X"),
  );
  const named = Array.from(
    section("Local HTTP API").matchAll(/(?:[A-Z]+ |4780)(\/v1\/[\w/.]+)/g),
    ([, path]) => path ?? "",
  );
  expect(named.length).toBeGreaterThan(10);
  for (const path of named.filter((each) => each !== "/v1/openapi.json"))
    expect(paths).toContain(path.replaceAll(/\b(?:ID|HASH)\b/g, "X"));
});

describe("links", () => {
  const files = [
    "README.md",
    "scripts/examples/README.md",
    "scripts/demo/documents/README.md",
    "src/README.md",
    "protocols/README.md",
  ];

  it.each(files)("of %s lead to files and headings that exist", async (file) => {
    const text = await readFile(join(root, file), "utf8");
    for (const [, target = ""] of text.replaceAll(/^```[^]*?^```$/gm, "").matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [path = "", anchor] = target.split("#");
      const full = path === "" ? join(root, file) : join(root, dirname(file), path);
      await expect(stat(full), `${file}: ${target}`).resolves.toBeDefined();
      if (anchor !== undefined)
        expect(anchors(await readFile(full, "utf8")), `${file}: ${target}`).toContain(anchor);
    }
  });
});

/** As GitHub makes them from headings. */
function anchors(text: string): string[] {
  return Array.from(text.matchAll(/^#+ (.+)$/gm), ([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
