import { describe, expect, it } from "vitest";
import { limits } from "../../../src/core/limits.ts";
import { EvidenceTable } from "../../../src/routing/evidence-table.ts";

const nothing = { good: 0, bad: 0 };

describe("EvidenceTable", () => {
  it("gives back after a restart the trust it had", () => {
    const before = new EvidenceTable();
    for (let i = 0; i < 9; i++) before.weakGood("a", "echo", 1_000);
    before.bad("b", "echo", 2_000);
    before.timeout("c", "echo", 2_000);
    const after = new EvidenceTable();
    after.import(before.exportDirty());
    for (const peer of ["a", "b", "c", "stranger"]) {
      expect(after.standing(peer, "echo", nothing, 3_000)).toEqual(
        before.standing(peer, "echo", nothing, 3_000),
      );
    }
    expect(after.prior).toBe(before.prior);
    expect(after.exportDirty()).toEqual([]);
  });

  it("exports each changed row once, and nothing for a peer in steady use", () => {
    const table = new EvidenceTable();
    for (let i = 0; i < 20; i++) table.weakGood("a", "echo", 0);
    const rows = table.exportDirty();
    expect(rows.map((row) => [row.peer, row.skill])).toEqual([
      ["", ""],
      ["a", "echo"],
    ]);
    table.weakGood("a", "echo", 0);
    table.reply("a", "echo", 0);
    expect(table.exportDirty()).toEqual([]);
  });

  it("counts only the first verdict on a peer as an encounter with a stranger", () => {
    const table = new EvidenceTable();
    expect(table.prior).toBe(0.5);
    table.bad("liar", "echo", 0);
    table.bad("liar", "sleep", 0);
    expect(table.prior).toBeCloseTo(0.4);
    table.timeout("slow", "echo", 0);
    expect(table.prior).toBeCloseTo(0.4);
    // An unchecked good one counts half, and the bad one has faded: (.5 + 2) / (.5 + 2 + .95 + 2)
    table.weakGood("b", "echo", 0);
    table.weakGood("b", "echo", 0);
    expect(table.prior).toBeCloseTo(2.5 / 5.45, 5);
  });

  it("takes nobody for a stranger whom those speak of who are heard", () => {
    const said = { good: 3, bad: 0 };
    const table = new EvidenceTable({ hearsay: (peer) => (peer === "friend" ? said : nothing) });
    for (let i = 0; i < 30; i++) table.bad(`liar${i}`, "echo", 0);
    const before = table.prior;
    table.good("friend", "echo", 0);
    expect(table.prior).toBe(before);
    table.good("stranger", "echo", 0);
    expect(table.prior).toBeGreaterThan(before);
  });

  it("distrusts a liar at other skills too, though not as much", () => {
    const table = new EvidenceTable();
    for (let i = 0; i < 20; i++) table.weakGood("a", "echo", 0);
    const before = table.standing("a", "echo", nothing, 0).lower;
    table.bad("a", "sleep", 0);
    const after = table.standing("a", "echo", nothing, 0).lower;
    expect(after).toBeLessThan(before);
    expect(table.standing("a", "sleep", nothing, 0).lower).toBeLessThan(after);
    expect(table.total("a", 0)).toEqual({ good: 5, bad: 4 });
  });

  it("is bounded, and a flood of fresh names does not wash out what is known of a liar", () => {
    const gone = new Set<string>();
    const table = new EvidenceTable({ maxPeers: 64, onPeer: (peer) => gone.add(peer) });
    table.bad("liar", "echo", 0);
    for (let i = 0; i < 1_000; i++) table.weakGood(`new-${i}`, "echo", i);
    expect(table.size).toBeLessThanOrEqual(64);
    expect(table.standing("liar", "echo", nothing, 1_000).lower).toBeLessThan(0.1);
    expect(gone.has("new-0")).toBe(true);
    for (let i = 0; i < 200; i++) table.weakGood("liar", `skill-${i}`, 2_000);
    expect(table.get("liar")?.skills.size).toBe(limits.evidenceSkillsPerPeer);
    expect(table.get("liar")?.skills.has("echo")).toBe(true);
  });

  it("leaves out rows that make no sense and those older than what is here", () => {
    const table = new EvidenceTable();
    table.bad("a", "echo", 5_000);
    const known = {
      good: 50,
      right: 0,
      wrong: 0,
      valid: 0,
      bad: 0,
      badCount: 0,
      reliability: 1,
      updatedAt: 4_000,
    };
    const row = {
      peer: "a",
      skill: "echo",
      firstAt: 0,
      alarmChecks: 0,
      alarmUntil: 0,
      verdicts: [],
      ...known,
    };
    table.import([row, { ...row, peer: "b", good: Number.NaN }, { ...row, peer: "c", reliability: 7 }]);
    expect(table.total("a", 5_000)).toEqual({ good: 0, bad: 4 });
    expect(table.size).toBe(1);
  });
});
