import { expect, test } from "vitest";
import { requirementFields } from "../../../bin/requirements.ts";

test("nothing asked is nothing said", () => {
  expect(requirementFields({})).toEqual({});
});

test("cores and memory are what the machine must have, and what is kept for the task", () => {
  expect(requirementFields({ cores: 2, memory: 0.5 })).toEqual({
    requirements: { minCpuCores: 2, minMemoryGb: 0.5 },
    limits: { cpuCores: 2, memoryBytes: 500_000_000 },
  });
});

test("all the others", () => {
  expect(
    requirementFields({
      storage: 1,
      gpu: true,
      internet: true,
      platform: "linux",
      role: "compute",
      tag: ["a", "b"],
      skillVersion: "^1",
      maxPrice: 0,
    }),
  ).toEqual({
    requirements: {
      minStorageGb: 1,
      gpu: true,
      internet: true,
      platform: "linux",
      role: "compute",
      tags: ["a", "b"],
    },
    skillVersion: "^1",
    maxPrice: 0,
  });
});
