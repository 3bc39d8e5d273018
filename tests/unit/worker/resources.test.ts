import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nvidiaGpus, renderNodes } from "../../../src/worker/gpus.ts";
import { cpuMsOf, peakOf } from "../../../src/worker/executors/process-usage.ts";
import { availableMemory, detectResources, platformName } from "../../../src/worker/resources.ts";

test("says what this machine has", async () => {
  const found = await detectResources({ dataDir: tmpdir(), internet: false });
  expect(found.cpuCores).toBeGreaterThan(0);
  expect(found.memoryBytes).toBeGreaterThan(1e6);
  expect(found.storageBytes).toBeGreaterThan(0);
  expect(found).toMatchObject({ arch: process.arch, internet: false });
  const nowhere = await detectResources({ dataDir: "/nonexistent/folder", internet: true });
  expect(nowhere).toMatchObject({ storageBytes: 0, internet: true });
});

test.each([
  ["no container", 6, 0, 8, 6],
  ["a limit that is none", 6, 2 ** 63, 8, 6],
  ["a container smaller than what the machine has free", 6, 2, 8, 2],
  ["a container almost full", 1, 2, 8, 1],
])("memory in %s", (_, available, constrained, total, result) => {
  expect(availableMemory(available, constrained, total)).toBe(result);
});

test("windows is called so", () => {
  expect([platformName("win32"), platformName("linux"), platformName("darwin")]).toEqual([
    "windows",
    "linux",
    "darwin",
  ]);
});

test("GPUs by the NVIDIA driver's folders", async () => {
  const folder = await mkdtemp(join(tmpdir(), "errand-gpus-"));
  await mkdir(join(folder, "0000:01:00.0"));
  await writeFile(
    join(folder, "0000:01:00.0", "information"),
    "Model: \t\t NVIDIA A100\nIRQ:   28\nGPU UUID: \t GPU-1a2b\n",
  );
  await mkdir(join(folder, "0000:02:00.0"));
  await writeFile(join(folder, "0000:02:00.0", "information"), "GPU UUID: \t GPU-????????-????\n");
  expect(await nvidiaGpus(folder)).toEqual([
    { name: "NVIDIA A100", device: { kind: "nvidia", id: "GPU-1a2b" } },
    { name: "NVIDIA GPU", device: { kind: "nvidia", id: "1" } },
  ]);
  expect(await nvidiaGpus(join(folder, "none"))).toEqual([]);
  await rm(folder, { recursive: true });
});

test("a process's usage is read from its lines in /proc, whatever its name", () => {
  const stat = `42 (a) b (c) S 1 42 42 0 -1 4194304 5 0 0 0 ${[120, 30, 7, 3].join(" ")} 20 0 1 0 100`;
  expect(cpuMsOf(stat)).toBe(1_600);
  expect(cpuMsOf("")).toBe(0);
  expect(peakOf("Name:\tx\nVmPeak:\t 999 kB\nVmHWM:\t  2048 kB\n")).toBe(2 * 1024 * 1024);
  expect(peakOf("")).toBe(0);
});

test("GPUs by the kernel's render nodes; those of virtual machines compute nothing", async () => {
  const folder = await mkdtemp(join(tmpdir(), "errand-drm-"));
  for (const [node, vendor] of [
    ["renderD128", "0x1002"],
    ["renderD129", "0x1af4"],
    ["renderD130", "0x8086"],
    ["card0", "0x10de"],
  ] as const) {
    await mkdir(join(folder, node, "device"), { recursive: true });
    await writeFile(join(folder, node, "device", "vendor"), `${vendor}\n`);
  }
  const found = await renderNodes(folder);
  expect(found.map(({ name }) => name)).toEqual(["AMD GPU", "Intel GPU"]);
  expect(found[1]?.device).toEqual({
    kind: "nodes",
    paths: expect.any(Array) as string[],
    groups: expect.any(Array) as number[],
  });
  expect(await renderNodes(join(folder, "none"))).toEqual([]);
  await rm(folder, { recursive: true });
});
