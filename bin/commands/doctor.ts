/** `errand doctor`: looks for what usually goes wrong, one line for each check, with what to do. */
import type { Command } from "commander";
import { dataFolder } from "../../src/api/endpoint.ts";
import { globalOptions } from "../cli.ts";
import { checks } from "../doctor/checks.ts";
import { failed, type Finding } from "../doctor/finding.ts";
import { exitCodes } from "../exit-codes.ts";
import { clean, paint, print, printJson } from "../output.ts";

export function register(program: Command): void {
  program
    .command("doctor")
    .description("check this machine, the data folder and the node; exit code 1 when something is wrong")
    .option("-c, --config <file>", "configuration file that `errand up` uses")
    .action(async (_options: unknown, command: Command) => {
      const options = { ...globalOptions(command), config: command.opts<{ config?: string }>().config };
      const context = { ...options, dataDir: dataFolder(options.data, process.env), env: process.env };
      const findings: (Finding & { check: string })[] = [];
      for (const { name, run } of checks) {
        const found = await run(context).catch(failed);
        findings.push({ check: name, ...found });
        if (options.output === "text") show(name, found);
      }
      const ok = findings.every((finding) => finding.ok);
      if (options.output === "json") printJson({ ok, checks: findings });
      if (!ok) process.exitCode = exitCodes.failure;
    });
}

function show(name: string, { ok, message, hint }: Finding): void {
  print(`${ok ? paint("✓", "green") : paint("✗", "red")} ${name}: ${clean(message)}`);
  if (hint !== "") print(`    ${clean(hint)}`);
}
