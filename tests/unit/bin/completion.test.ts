/** Completion: the scripts for each shell, and what they offer in those that are installed here. */
import { execFile } from "node:child_process";
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { describeTree, scripts } from "../../../bin/completion.ts";
import { buildProgram } from "../../../bin/program.ts";
import { runCli } from "../../support/run-cli.ts";

const execute = promisify(execFile);
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "errand-completion-"));
});

afterEach(() => rm(dir, { recursive: true, force: true }));

const installed = async (shell: string): Promise<boolean> =>
  execute(shell, ["--version"]).then(
    () => true,
    () => false,
  );

describe("scripts", () => {
  test.each(["bash", "zsh", "fish"] as const)(
    "the script for %s parses and knows the commands",
    async (shell) => {
      const { stdout } = await runCli(["completion", shell]);
      for (const word of ["explain", "--swarm-key", "unblock", "__complete skill"]) {
        expect(stdout).toContain(shell === "fish" ? word.replace(/^--/, "-l ") : word);
      }
      if (!(await installed(shell))) return;
      const file = join(dir, `complete.${shell}`);
      await writeFile(file, stdout);
      await execute(shell, ["-n", file]);
    },
  );

  test("bash completes commands, subcommands, options, values and ids", async () => {
    const bin = join(dir, "bin");
    await mkdir(bin);
    await writeFile(join(bin, "errand"), '#!/bin/sh\n[ "$2" = skill ] && echo text.stats && echo echo\n', {
      mode: 0o755,
    });
    const script = join(dir, "errand.bash");
    await writeFile(script, scripts.bash(describeTree(await buildProgram([], true))));
    const complete = async (line: string): Promise<string[]> => {
      const words = line.split(" ");
      const program = `source ${script}; COMP_WORDS=(${words.map((w) => `'${w}'`).join(" ")}); COMP_CWORD=${words.length - 1}; _errand; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const { stdout } = await execute("bash", ["-c", program], {
        env: { PATH: `${bin}:${process.env["PATH"] ?? ""}` },
      });
      return stdout.trim().split("\n");
    };
    expect((await complete("errand stat")).toSorted()).toEqual(["stats", "status"]);
    expect(await complete("errand task ex")).toEqual(["explain"]);
    expect(await complete("errand -o json task wa")).toEqual(["wait", "watch"]);
    expect(await complete("errand run --pr")).toEqual(["--priority"]);
    expect(await complete("errand up --preset l")).toEqual(["local", "lan"]);
    expect(await complete("errand run te")).toEqual(["text.stats"]);
    expect(await complete("errand completion z")).toEqual(["zsh"]);
  });
});

describe("the other shells", () => {
  let program: string;
  beforeEach(async () => {
    program = join(dir, "bin");
    await mkdir(program);
    await writeFile(join(program, "errand"), '#!/bin/sh\n[ "$2" = skill ] && echo text.stats\n', {
      mode: 0o755,
    });
  });
  const run = async (shell: string, script: string): Promise<string[]> => {
    const env = { PATH: `${program}:${process.env["PATH"] ?? ""}`, HOME: dir };
    return (await execute(shell, [...(shell === "zsh" ? ["-f"] : []), "-c", script], { env })).stdout
      .trim()
      .split("\n");
  };

  test("zsh completes, also the first time that the file is found in $fpath", async ({ skip }) => {
    if (!(await installed("zsh"))) return skip("zsh is not installed");
    await writeFile(join(dir, "_errand"), scripts.zsh(describeTree(await buildProgram([], true))));
    // The line editor's own functions are there only while somebody types.
    const complete = (words: string): Promise<string[]> =>
      run(
        "zsh",
        `compadd() { shift; print -l -- "$@" }; _files() { print FILES }; compdef() {}
fpath=(${dir} $fpath); autoload -Uz _errand; words=(${words}); CURRENT=$#words; _errand`,
      );
    expect(await complete("errand stat")).toEqual(expect.arrayContaining(["stats", "status"]));
    expect(await complete("errand task ex")).toContain("explain");
    expect(await complete("errand run te")).toEqual(["text.stats"]);
    expect(await complete("errand up --preset l")).toEqual(["local", "lan", "public"]);
    expect(await complete("errand up --config x")).toEqual(["FILES"]);
  });

  test("fish completes", async ({ skip }) => {
    if (!(await installed("fish"))) return skip("fish is not installed");
    const file = join(dir, "errand.fish");
    await writeFile(file, scripts.fish(describeTree(await buildProgram([], true))));
    const complete = async (line: string): Promise<string[]> =>
      (await run("fish", `source ${file}; complete -C '${line}'`)).map((found) => found.replace(/\t.*/, ""));
    expect(await complete("errand stat")).toEqual(["stats", "status"]);
    expect(await complete("errand task ex")).toEqual(["explain"]);
    expect(await complete("errand -o json task wa")).toEqual(["wait", "watch"]);
    expect(await complete("errand run text.st")).toEqual(["text.stats"]);
    expect(await complete("errand up --preset l")).toEqual(["lan", "local"]);
  });
});
