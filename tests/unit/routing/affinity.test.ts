import { expect, it } from "vitest";
import { favorites, textHash } from "../../../src/routing/affinity.ts";
import { EvidenceTable } from "../../../src/routing/evidence-table.ts";
import { MetricsTable } from "../../../src/routing/metrics-table.ts";
import { Prospects } from "../../../src/routing/prospects.ts";
import { candidate, skill, wallStart } from "./fixtures.ts";

const prospects = new Prospects(new EvidenceTable(), new MetricsTable());
const mesh = Array.from({ length: 10 }, (_, i) =>
  prospects.of(prospects.ofSkill(skill), candidate(`12D3KooWpeer${i}`), wallStart),
);
const keys = Array.from({ length: 2_000 }, (_, i) => `key-${i}`);
const first = (key: string, among = mesh) => favorites(among, skill, key)[0]?.peer;

it("has the published values of FNV-1a", () => {
  expect(textHash("")).toBe(0x811c9dc5);
  expect(textHash("a")).toBe(0xe40c292c);
  expect(textHash("foobar")).toBe(0xbf9cf968);
});

it("names two different peers for a key, always the same, and all that there are when they are fewer", () => {
  const two = favorites(mesh, skill, "k").map((p) => p.peer);
  expect(new Set(two).size).toBe(2);
  expect(favorites(mesh.toReversed(), skill, "k").map((p) => p.peer)).toEqual(two);
  expect(favorites(mesh.slice(0, 1), skill, "k")).toEqual(mesh.slice(0, 1));
  expect(favorites([], skill, "k")).toEqual([]);
});

it("spreads keys evenly, and moves only those of a peer that leaves", () => {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(first(key) ?? "", (counts.get(first(key) ?? "") ?? 0) + 1);
  for (const peer of mesh) expect(counts.get(peer.peer)).toBeGreaterThan(130);
  const left = mesh[3]?.peer;
  const without = mesh.filter((p) => p.peer !== left);
  const moved = keys.filter((key) => first(key) !== first(key, without));
  expect(moved.every((key) => first(key) === left)).toBe(true);
});
