/** `--verify` as people type it, and the policy that becomes of it. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { verifyPolicy } from "../../../bin/verify-option.ts";
import { checkPolicy } from "../../../src/tasks/verification/policy.ts";

const hash = "ab".repeat(32);

it.each<[string[], object]>([
  [["auto"], { auto: true }],
  [["off"], { auto: false }],
  [["replicas=3"], { replicas: { n: 3 } }],
  [["replicas=3/4"], { replicas: { n: 4, quorum: 3 } }],
  [[`hash=${hash.toUpperCase()}`], { hash }],
  [['equals={"a":"="}'], { equals: { a: "=" } }],
  [['schema={"type":"object"}'], { schema: { type: "object" } }],
  [
    ["range=/a/b:c:-1.5e1..2", "range=:0..", "range=/x:..1"],
    {
      range: [
        { pointer: "/a/b:c", min: -15, max: 2 },
        { pointer: "", min: 0 },
        { pointer: "/x", max: 1 },
      ],
    },
  ],
  [["skill=acme.check"], { custom: { skill: "acme.check" } }],
  [["custom"], { custom: {} }],
  [["custom=[1]"], { custom: { args: [1] } }],
  [["spot=0.1", "compare=number:1e-6"], { spotCheck: 0.1, compare: { kind: "number", rel: 1e-6 } }],
  [["compare=set"], { compare: { kind: "set" } }],
  [["compare=text"], { compare: { kind: "text", atLeast: 0.8 } }],
  [["compare=skill:acme.same"], { compare: { kind: "skill", skill: "acme.same" } }],
  [['{"replicas":{"n":5}}', "auto"], { replicas: { n: 5 }, auto: true }],
])("%j", async (texts, policy) => {
  const made = await verifyPolicy(texts);
  expect(made).toEqual(policy);
  expect(checkPolicy(made)).toEqual(policy);
});

it.each([
  "nonsense",
  "replicas=many",
  "replicas=30",
  "range=/a",
  "range=/a:x..y",
  "equals={",
  "schema=@/nowhere/at/all.json",
  "spot=often",
  "compare=close",
  "compare=skill:",
])("%s is refused with a hint", async (text) => {
  await expect(verifyPolicy([text])).rejects.toMatchObject({
    code: "InvalidInput",
    hint: expect.any(String) as string,
  });
});

it("reads files", async () => {
  const folder = await mkdtemp(join(tmpdir(), "errand-verify-"));
  try {
    const file = join(folder, "policy.json");
    await writeFile(file, '{"schema": true, "spotCheck": 0.5}');
    expect(await verifyPolicy([`@${file}`, `equals=@${file}`])).toMatchObject({
      schema: true,
      equals: { spotCheck: 0.5 },
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
