/** Runs `errand` as a real process, the way a user does. */
import { spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";

const launcher = fileURLToPath(new URL("../../bin/errand.js", import.meta.url));

export interface CliResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface CliOptions {
  env?: NodeJS.ProcessEnv;
  stdin?: string;
  cwd?: string;
}

export interface RunningCli {
  child: ChildProcess;
  /** Resolves with what standard error holds as soon as it contains `text`. */
  stderrHas(text: string): Promise<string>;
  stdoutHas(text: string): Promise<string>;
  result: Promise<CliResult>;
}

/** No variable of the machine's own configuration reaches the process. */
export function startCli(
  args: readonly string[],
  { env = {}, stdin = "", cwd }: CliOptions = {},
): RunningCli {
  const child = spawn(process.execPath, [launcher, ...args], {
    env: { PATH: process.env["PATH"], HOME: "/nonexistent", TMPDIR: process.env["TMPDIR"], ...env },
    stdio: ["pipe", "pipe", "pipe"],
    ...(cwd === undefined ? {} : { cwd }),
  });
  const held = { stdout: "", stderr: "" };
  const waiting = new Set<() => void>();
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (chunk: string) => {
      held[name] += chunk;
      for (const check of waiting) check();
    });
  }
  child.stdin.on("error", () => undefined);
  child.stdin.end(stdin);
  const result = new Promise<CliResult>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      resolve({ code, ...held });
      for (const check of waiting) check();
    });
  });
  const has = (name: "stdout" | "stderr", text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        const ended = child.exitCode !== null || child.signalCode !== null;
        if (!held[name].includes(text) && !ended) return;
        waiting.delete(check);
        if (held[name].includes(text)) resolve(held[name]);
        else reject(new Error(`ended without "${text}" on ${name}: ${held.stdout}${held.stderr}`));
      };
      waiting.add(check);
      check();
    });
  return {
    child,
    stderrHas: (text) => has("stderr", text),
    stdoutHas: (text) => has("stdout", text),
    result,
  };
}

export function runCli(args: readonly string[], options?: CliOptions): Promise<CliResult> {
  return startCli(args, options).result;
}
