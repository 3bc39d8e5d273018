import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ERROR_CODES } from "../../src/core/errors.ts";
import { limits } from "../../src/core/limits.ts";
import { framed, readGolden } from "./golden.ts";
import { bytesOf, hexOf, submitter, worker } from "./samples.ts";

const protocols = new URL("../../protocols/", import.meta.url);
const readme = readFileSync(new URL("README.md", protocols), "utf8");

/** The code block that follows `<!-- golden: name -->`, without white space and what stands behind a #. */
function block(name: string): string {
  const text = readme.split(`<!-- golden: ${name} -->`)[1]?.split("```")[1];
  if (text === undefined) throw new Error(`no block for ${name}`);
  return text
    .split("\n")
    .slice(1)
    .map((line) => line.replace(/#.*$/, ""))
    .join("")
    .replaceAll(/\s/g, "");
}

const card = readGolden("card");
const session = readGolden("session");
const identities = readGolden("identities");
const batch = readGolden("statements");
const trust = readGolden("trust");

describe("the specification's examples are the golden bytes", () => {
  const examples: [name: string, golden: string | undefined][] = [
    ["identity", identities.worker.publicKey],
    ["skill", identities.skill.cidBytes],
    ["card", card.card],
    ["card signature", card.signature],
    ["framed request", hexOf(framed(bytesOf(session["request, least"] as string)))],
    ["statement", batch.statements[0]],
    ["leaves", batch.leaves.join("")],
    ["root", batch.root],
    ["batch signature", batch.signature],
    ["proofs", batch.proofs.flat().join("")],
    ["attestation", trust["attestation"]],
    ["attestation signature", trust["signature"]],
    ["digests", `${trust["digest"]}${trust["digest, silenced"]}`],
  ];

  it.each(examples)("%s", (name, golden) => {
    expect(block(name)).toBe(golden);
  });

  it("and there are no others", () => {
    const named = [...readme.matchAll(/<!-- golden: (.*?) -->/g)].map(([, name]) => name);
    expect(named).toEqual(examples.map(([name]) => name));
  });

  it("with the peers and the CID in their text", () => {
    for (const text of [worker.peer, submitter.peer, identities.skill.cid]) expect(readme).toContain(text);
  });
});

const units: Record<string, number> = {
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  bytes: 1,
  s: 1_000,
  min: 60_000,
};

function valueOf(bound: string): number {
  const [number = "", unit] = bound.split(" ");
  return Number(number.replaceAll(",", "")) * (unit === undefined ? 1 : (units[unit] ?? Number.NaN));
}

describe("the specification says what the code holds", () => {
  const rows = [...readme.matchAll(/^\|[^|]*\| ([^|]*) \|[^|]*\| `(\w+)` \|$/gm)].map(
    ([, bound = "", name = ""]) => [name, bound] as const,
  );

  it.each(rows)("limit %s is %s", (name, bound) => {
    expect(valueOf(bound)).toBe(limits[name as keyof typeof limits]);
  });

  it("names the limits of the wire", () => {
    expect(rows.length).toBeGreaterThan(30);
  });

  it("names every error code, and no other", () => {
    const section = readme.split("## 12. Error codes")[1]?.split("## 13.")[0] ?? "";
    const named = new Set([...section.matchAll(/`([A-Z][a-zA-Z]+)`/g)].map(([, code]) => code));
    expect(named).toEqual(new Set(ERROR_CODES));
  });

  it("names every message, enum value and field of the schemas", () => {
    const schemas = readdirSync(protocols).filter((name) => name.endsWith(".proto"));
    const text = schemas.map((name) => readFileSync(new URL(name, protocols), "utf8")).join("\n");
    const names = [...text.matchAll(/^message (\w+)|^\s+(?:repeated |optional )?[\w.]+ (\w+) = \d+/gm)]
      .map(([, message, field]) => message ?? field)
      .concat([...text.matchAll(/^ {2}([A-Z]+) = [1-9]/gm)].map(([, value]) => value));
    // The kinds of a frame are named by their messages; `requirements` and such by their fields.
    const kinds = new Set(
      [...(/oneof kind \{(.*?)\}/s.exec(text)?.[1] ?? "").matchAll(/(\w+) =/g)].map(([, k]) => k),
    );
    const left = new Set(names.filter((name) => name !== undefined && !kinds.has(name)));
    const missing = [...left].filter((name) => !new RegExp(`\\b${name}\\b`).test(readme));
    expect(missing).toEqual([]);
  });
});
