import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { OfferedSkill, SkillSource } from "../../../src/skills/skill.ts";
import {
  accessWord,
  defaultAccess,
  grantFor,
  refusalOf,
  type AccessPolicy,
  type Allow,
  type Caller,
} from "../../../src/worker/policy.ts";

const builtin: SkillSource = { kind: "builtin", id: "x" };
const script: SkillSource = { kind: "script", submitted: "program" };

function skill(id: string, source: SkillSource = builtin): OfferedSkill {
  return { definition: { id, version: "1.0.0", description: "d", input: true, output: true }, source };
}

const stranger: Caller = { self: false, pin: undefined, trust: 0.2 };

function may(allow: Allow, caller: Partial<Caller>, peer = "peer", minTrust = 0.5): boolean {
  const grant = { ...grantFor(skill("a.b"), defaultAccess), allow, minTrust };
  return refusalOf("a.b", peer, grant, () => ({ ...stranger, ...caller })) === undefined;
}

describe("who may call", () => {
  test.each<[string, Allow, Partial<Caller>, boolean]>([
    ["a stranger, what is for everyone", "everyone", {}, true],
    ["a stranger, what is for pinned peers", "pinned", {}, false],
    ["a pinned peer", "pinned", { pin: 0.3 }, true],
    ["a peer pinned as a liar", "pinned", { pin: 0 }, false],
    ["a stranger, what is for trusted peers", "trusted", {}, false],
    ["a peer with experience", "trusted", { trust: 0.5 }, true],
    ["a pinned peer without experience", "trusted", { pin: 0.9 }, true],
    ["a peer pinned below", "trusted", { pin: 0.4 }, false],
    ["one that is listed", ["other", "peer"], {}, true],
    ["one that is not listed", ["other"], { pin: 1, trust: 1 }, false],
    ["nobody", "nobody", { pin: 1, trust: 1 }, false],
    ["this node itself, what is for nobody", "nobody", { self: true }, true],
    ["this node itself, what is for others", ["other"], { self: true }, true],
  ])("%s", (_, allow, caller, expected) => expect(may(allow, caller)).toBe(expected));
});

describe("what the operator said", () => {
  const access: AccessPolicy = {
    skills: {
      "*": { allow: "pinned", limits: { timeoutSeconds: 60, memoryMb: 256 } },
      "acme.*": { limits: { memoryMb: 512 }, network: true },
      "acme.open": { allow: "everyone" },
      "script.run": { limits: { memoryMb: 64 } },
    },
    code: "nobody",
  };

  test("nothing: ordinary skills are for everyone, code is from nobody", () => {
    expect(grantFor(skill("a"), defaultAccess)).toMatchObject({
      allow: "everyone",
      runsCode: false,
      limits: {},
    });
    for (const source of [
      script,
      { kind: "wasm" } as const,
      { kind: "argv" } as const,
      { kind: "container", submitted: true } as const,
    ]) {
      const grant = grantFor(skill("a", source), defaultAccess);
      expect(grant).toMatchObject({
        allow: "nobody",
        runsCode: true,
        network: false,
        gpu: false,
        mounts: [],
      });
      expect(refusalOf("a", "peer", grant, () => stranger)).toContain("--allow-code");
    }
  });

  test("the particular before the general, field by field", () => {
    expect(grantFor(skill("other"), access)).toMatchObject({
      allow: "pinned",
      limits: { timeoutSeconds: 60, memoryMb: 256 },
      network: false,
    });
    expect(grantFor(skill("acme.x"), access)).toMatchObject({
      allow: "pinned",
      limits: { timeoutSeconds: 60, memoryMb: 512 },
      network: true,
    });
    expect(grantFor(skill("acme.open"), access).allow).toBe("everyone");
  });

  test("code is let in by its own name or by the one switch, never by a pattern", () => {
    expect(grantFor(skill("script.run", script), access)).toMatchObject({
      allow: "nobody",
      limits: { memoryMb: 64 },
    });
    const open = { ...access, skills: { ...access.skills, "*": { allow: "everyone" as const } } };
    expect(grantFor(skill("script.run", script), open).allow).toBe("nobody");
    expect(grantFor(skill("script.run", script), { ...open, code: "pinned" }).allow).toBe("pinned");
    const named = { ...open, skills: { "script.run": { allow: "trusted" as const } } };
    expect(grantFor(skill("script.run", script), named).allow).toBe("trusted");
  });

  test("names that objects have anyway are no policies", () => {
    expect(grantFor(skill("constructor"), access).allow).toBe("pinned");
  });
});

test("more trust, or a pin, never shuts anybody out", () => {
  const allow = fc.constantFrom<Allow>("everyone", "pinned", "trusted", "nobody", ["peer"], []);
  const unit = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(allow, unit, unit, unit, unit, (who, trust, more, pin, minTrust) => {
      if (!may(who, { trust }, "peer", minTrust)) return;
      expect(may(who, { trust: Math.max(trust, more) }, "peer", minTrust)).toBe(true);
      expect(may(who, { trust, pin }, "peer", minTrust)).toBe(true);
    }),
  );
});

test("what no other peer may call is not on the card", () => {
  const words = (["everyone", "pinned", "trusted", "nobody", ["a"], []] as Allow[]).map(accessWord);
  expect(words).toEqual(["everyone", "pinned", "trusted", undefined, "listed", undefined]);
});
