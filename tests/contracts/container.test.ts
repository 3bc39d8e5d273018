/** The container executor with a real Docker, and what needs no engine. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { jsonBody } from "../../src/core/body.ts";
import { systemClock } from "../../src/core/clock.ts";
import { createLog } from "../../src/core/log.ts";
import { containerRun } from "../../src/skills/container-run.ts";
import { createContainerExecutor, createContainerHost } from "../../src/worker/executors/container.ts";
import { gpuConfig } from "../../src/worker/executors/container-gpu.ts";
import { defaultContainerSettings } from "../../src/worker/executors/container-settings.ts";
import { createContainerTier } from "../../src/worker/sandbox/t2.ts";
import { containerContract } from "./container-contract.ts";

describe("containers of Docker", () => containerContract("docker"));

test("the GPUs of a run in the words of the engine", () => {
  const nvidia = { kind: "nvidia", id: "GPU-1a2b" } as const;
  expect(gpuConfig([], false)).toEqual({});
  expect(gpuConfig([nvidia], false)).toEqual({
    DeviceRequests: [{ Driver: "", DeviceIDs: ["GPU-1a2b"], Capabilities: [["gpu"]] }],
  });
  expect(() => gpuConfig([nvidia], true)).toThrow("Podman's API");
  expect(() => gpuConfig([{ kind: "whole" }], false)).toThrow("no device of its own");
});

test("no engine: the tier is missing and says where it looked", async () => {
  const folder = join(tmpdir(), "errand-no-engine");
  const nowhere = createContainerHost({
    owner: "x",
    settings: { ...defaultContainerSettings, socket: join(folder, "none.sock") },
  });
  const report = await createContainerTier({ host: nowhere, wanted: true, folder: join(folder, "c") }).check(
    AbortSignal.timeout(10_000),
  );
  expect(report).toMatchObject({ tier: "T2", ok: false });
  expect(report.message).toBe(`no container engine answers (${join(folder, "none.sock")}: not there)`);
  const unwanted = await createContainerTier({ host: nowhere, wanted: false, folder, env: {} }).check(
    AbortSignal.timeout(10_000),
  );
  expect(unwanted).toMatchObject({ ok: false, message: expect.stringContaining("not asked for") });
  const without = createContainerExecutor({ host: nowhere, clock: systemClock, log: createLog("silent") });
  const run = without.execute(
    { id: "t", skill: containerRun, input: jsonBody({ image: "busybox" }), outputBytes: 1_000 },
    {
      signal: new AbortController().signal,
      deadline: Infinity,
      scratchDir: folder,
      progress: () => {},
      log: () => {},
    },
  );
  await expect(run).rejects.toMatchObject({ code: "SkillFailed" });
});
