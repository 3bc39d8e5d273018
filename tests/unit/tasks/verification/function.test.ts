/** The operator's function in its thread: it answers, throws, hangs and blocks, and the node goes on. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../../../src/core/clock.ts";
import { silentLog } from "../../../../src/core/log.ts";
import { startHooks, type HookHost } from "../../../../src/tasks/hooks/hook-host.ts";

let folder: string;
let hooks: HookHost;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "errand-verify-"));
  const path = join(folder, "hooks.ts");
  await writeFile(
    path,
    `export default {
  async verifyResult({ output, args }) {
    if (args === "throw") throw new Error("no idea");
    if (args === "block") for (;;);
    return { ok: output === args, reason: "it is " + output };
  },
};
`,
  );
  hooks = await startHooks({ path, clock: systemClock, log: silentLog });
});

afterAll(async () => {
  await hooks.stop();
  await rm(folder, { recursive: true, force: true });
});

const ask = (output: unknown, args: unknown): Promise<unknown> =>
  hooks.ask("verifyResult", { skill: "echo", input: null, output, args, peer: "p" });

test("what it returns is its word", async () => {
  expect(hooks.names).toEqual(new Set(["verifyResult"]));
  expect(await ask(1, 1)).toEqual({ ok: true, reason: "it is 1" });
  expect(await ask(2, 1)).toEqual({ ok: false, reason: "it is 2" });
});

test("what it throws is no verdict", async () => {
  await expect(ask(1, "throw")).rejects.toThrow("no idea");
});

test("one that blocks its thread is ended, and the next finds a new one", async () => {
  const blocked = ask(1, "block");
  blocked.catch(() => undefined);
  await expect(blocked).rejects.toMatchObject({ code: "Internal" });
  await expect.poll(() => ask(3, 3), { timeout: 20_000 }).toMatchObject({ ok: true });
});
