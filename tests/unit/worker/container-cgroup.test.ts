/** Where engines keep the cgroups of their containers: learnt from the kernel's own tables, here of machines that were not at hand. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createCgroupPlaces, readCgroup } from "../../../src/worker/executors/container-cgroup.ts";

let proc: string;
beforeEach(async () => {
  proc = await mkdtemp(join(tmpdir(), "errand-proc-"));
});
afterEach(() => rm(proc, { recursive: true }));

const id = "4f1c".repeat(16);
const other = "9a2b".repeat(16);
const v1Mounts = `30 25 0:26 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
31 25 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
32 25 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw`;
const v2Mounts = "30 25 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate";

async function learnt(mounts: string, cgroup: string) {
  await mkdir(join(proc, "self"));
  await mkdir(join(proc, "42"));
  await writeFile(join(proc, "self", "mountinfo"), mounts);
  await writeFile(join(proc, "42", "cgroup"), cgroup);
  const places = createCgroupPlaces(proc);
  expect(places.of(other)).toBeUndefined();
  await places.learn(id, 42);
  return places.of(other);
}

describe("of other containers of the same engine", () => {
  test.each([
    ["Docker", `/docker/${id}`, `/docker/${other}`],
    ["Podman", `/libpod_parent/libpod-${id}`, `/libpod_parent/libpod-${other}`],
  ])("%s, by its own folders, version 1", async (_, seen, expected) => {
    const lines = `3:memory:${seen}\n2:cpu,cpuacct:${seen}\n0::/\n`;
    expect(await learnt(v1Mounts, lines)).toMatchObject({
      cpu: { file: `/sys/fs/cgroup/cpu,cpuacct${expected}/cpuacct.usage` },
      memory: { file: `/sys/fs/cgroup/memory${expected}/memory.max_usage_in_bytes` },
    });
  });

  test.each([
    ["Docker", `/system.slice/docker-${id}.scope`, `/system.slice/docker-${other}.scope`],
    [
      "Podman, whose program is one further down",
      `/machine.slice/libpod-${id}.scope/container`,
      `/machine.slice/libpod-${other}.scope`,
    ],
  ])("%s, by systemd, version 2", async (_, seen, expected) => {
    expect(await learnt(v2Mounts, `0::${seen}\n`)).toMatchObject({
      cpu: { file: `/sys/fs/cgroup${expected}/cpu.stat`, field: "usage_usec" },
      memory: { file: `/sys/fs/cgroup${expected}/memory.peak` },
    });
  });

  test("nothing is learnt of one that has entered only some of its groups, where both versions are mounted", async () => {
    const lines = `3:memory:/libpod_parent/conmon\n2:cpu,cpuacct:/libpod_parent/conmon\n0::/libpod_parent/libpod-${id}\n`;
    expect(await learnt(v1Mounts, lines)).toBeUndefined();
  });

  test.each([
    ["a process of another pid namespace, which is another here", "0::/user.slice/user-1000.slice"],
    ["one that has just ended", "0::/"],
    ["one that is gone", ""],
  ])("nothing is learnt from %s", async (_, lines) => {
    expect(await learnt(v2Mounts, lines)).toBeUndefined();
  });
});

test("the counts, and a group that is not there", async () => {
  const at = (name: string): string => join(proc, name);
  await writeFile(at("cpu.stat"), "nr_periods 4\nusage_usec 12500\nuser_usec 10000\n");
  await writeFile(at("memory.peak"), "4096\n");
  await writeFile(at("cpuacct.usage"), "7000000\n");
  const memory = { file: at("memory.peak") };
  const two = { cpu: { file: at("cpu.stat"), field: "usage_usec", perMs: 1e3 }, memory };
  expect(await readCgroup(two)).toEqual({ cpuMs: 12.5, peakMemoryBytes: 4096 });
  const one = { cpu: { file: at("cpuacct.usage"), perMs: 1e6 }, memory: { file: at("none") } };
  expect(await readCgroup(one)).toEqual({ cpuMs: 7, peakMemoryBytes: 0 });
  expect(await readCgroup({ ...one, cpu: { file: at("none"), perMs: 1e6 } })).toBeUndefined();
});
