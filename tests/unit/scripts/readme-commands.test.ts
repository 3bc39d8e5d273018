/** The commands in the README and those beside the code, and those in hints: they exist, with their flags, and none is left out. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command, Option } from "commander";
import { beforeAll, describe, expect, it } from "vitest";
import { buildProgram } from "../../../bin/program.ts";
import { defaultRetry } from "../../../src/tasks/retry.ts";
import { blocks, commandLine, page, pages, root, section } from "./readme-text.ts";

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

/** Commands that have no subcommands, hidden ones left out, with their whole names. */
function leaves(command: Command, name = "errand"): { name: string; command: Command }[] {
  const visible = command.commands.filter((child) => !child.name().startsWith("__"));
  return visible.length === 0
    ? [{ name, command }]
    : visible.flatMap((child) => leaves(child, `${name} ${child.name()}`));
}

let program: Command;
beforeAll(async () => {
  program = await buildProgram([], true);
});

describe("commands in the READMEs", () => {
  const all = pages.map(page).join("\n");

  it("exist, with their flags and as many arguments", () => {
    expect(typed(all).length).toBeGreaterThan(15);
    expect(mentioned(all).length).toBeGreaterThan(30);
    for (const line of [...typed(all), ...mentioned(all)]) {
      const { command, operands } = parse(program, line);
      expect(command, line).not.toBe(program);
      expect(command.commands.length, `${line}: its subcommand is missing or unknown`).toBe(0);
      expect(operands.length, line).toBeLessThanOrEqual(command.registeredArguments.length);
    }
    for (const line of typed(all)) {
      const { command, operands } = parse(program, line);
      const required = command.registeredArguments.filter((argument) => argument.required);
      expect(operands.length, line).toBeGreaterThanOrEqual(required.length);
    }
  });

  it("have the flags that stand beside them in the table", () => {
    const rows = section("Commands", commandLine)
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

  it("are all there, with every flag", () => {
    const named = mentioned(section("Commands", commandLine));
    const text = section("Commands", commandLine) + section("Flags of a task", commandLine);
    const there = leaves(program);
    expect(there.length).toBeGreaterThan(40);
    for (const { name, command } of there) {
      expect(
        named.filter((line) => line === name || line.startsWith(`${name} `)),
        name,
      ).not.toEqual([]);
      for (const { long } of command.options)
        expect(text, `${name} ${long}`).toMatch(new RegExp(`\`${long}[ \`]`));
    }
  });

  it("of a task take the flags of the table", () => {
    const rows = section("Flags of a task", commandLine).match(/^\| `--.*$/gm) ?? [];
    expect(rows.length).toBeGreaterThan(10);
    for (const row of rows) {
      for (const [, flag = ""] of row.matchAll(/`(--[a-z-]+)/g)) {
        const one = ["run", "submit", "schedule add"];
        const many = ["batch run", "map"];
        for (const name of row.includes("°") ? one : [...one, ...many])
          expect(() => parse(program, `errand ${name} ${flag} x`), `${name} ${flag}`).not.toThrow();
      }
    }
    expect(section("Flags of a task", commandLine)).toContain(
      `attempts after the first that failed; ${defaultRetry.retries} |`,
    );
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
