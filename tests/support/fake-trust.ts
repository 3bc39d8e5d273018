/** Trust of the node in memory: two peers, one that speaks of the other. It keeps what it was asked. */
import { ErrandError } from "../../src/core/errors.ts";
import type { TrustApi, TrustChange, TrustOverview, TrustPeerView } from "../../src/node/trust-views.ts";

export interface FakeTrust {
  api: TrustApi;
  changed(change: Omit<TrustChange, "event">): void;
}

const at = "2025-06-01T00:00:00.000Z";
const until = "2025-06-02T00:00:00.000Z";

/** `resolve`: the full id of a possibly shortened one. */
export function createFakeTrust(options: {
  self: string;
  trusted: string;
  liar: string;
  resolve: (id: string) => string;
  decisions: string[];
}): FakeTrust {
  const { self, trusted, liar, resolve, decisions } = options;
  const withheld = new Set<string>();
  const watchers = new Set<(change: TrustChange) => void>();
  const attestation = { seq: 7, issuedAt: at, expiresAt: until, claims: 1 };

  const peer = (id: string, changes: Partial<TrustPeerView>): TrustPeerView => ({
    peer: id,
    name: "",
    trust: { mean: 0.9, lower: 0.8, good: 12, bad: 0, reliability: 1 },
    credibility: 1,
    weight: 0.25,
    pinned: null,
    blocked: false,
    equivocated: false,
    alarms: [],
    attestation: null,
    ...changes,
  });
  const peers = [
    peer(trusted, { name: "lab", attestation }),
    peer(liar, {
      name: "den",
      trust: { mean: 0.1, lower: 0.02, good: 1, bad: 8, reliability: 0.5 },
      credibility: 0,
      weight: 0,
      blocked: true,
      equivocated: true,
      alarms: [{ skill: "echo", reporter: trusted, until }],
    }),
  ];
  const overview = (): TrustOverview => ({
    peers,
    own: { ...attestation, about: [{ subject: trusted, skill: "echo", pos: 12, neg: 0 }] },
    withheld: [...withheld],
    held: { issuers: 2, claims: 3, silenced: 1 },
  });

  const api: TrustApi = {
    overview,
    explain(id, skill) {
      const found = peers.find((one) => one.peer === resolve(id));
      if (found === undefined) throw new ErrandError("NotFound", "no such peer");
      const { trust, credibility, name, blocked, equivocated, alarms } = found;
      return {
        peer: found.peer,
        name,
        skill: skill ?? null,
        prior: 0.5,
        own: {
          good: trust.good,
          right: trust.good,
          wrong: 0,
          bad: trust.bad,
          badCount: trust.bad > 0 ? 2 : 0,
          valid: 3,
          sinceMs: Date.parse(at),
          verdicts:
            trust.bad > 0
              ? [{ at: Date.parse(at), good: false, taskId: "t", reason: "hash", skill: "echo" }]
              : [],
        },
        otherSkills: { good: 2, bad: 0 },
        hearsay: {
          good: 6,
          bad: 1,
          recommenders: [{ peer: trusted, weight: 0.25, credibility: 1, pos: 5, neg: 0, share: 1 }],
          omitted: 2,
        },
        pin: null,
        posterior: { a: 9, b: 1, mean: trust.mean, lower: trust.lower, reliability: trust.reliability },
        credibility,
        equivocated,
        blocked,
        alarms,
        attestation: found.attestation,
      };
    },
    graph: (nodes = 1_000) => ({
      nodes: [
        {
          peer: self,
          name: "fake",
          self: true,
          weight: 0.75,
          visits: 0.5,
          credibility: 1,
          pinned: null,
          mean: 1,
          lower: 1,
        },
        {
          peer: trusted,
          name: "lab",
          self: false,
          weight: 0.25,
          visits: 0.2,
          credibility: 1,
          pinned: 0.9,
          mean: 0.9,
          lower: 0.8,
        },
        {
          peer: liar,
          name: 'den "of" thieves',
          self: false,
          weight: 0,
          visits: 0,
          credibility: 0,
          pinned: null,
          mean: 0.1,
          lower: 0,
        },
      ].slice(0, nodes),
      edges: [
        { from: self, to: trusted, skill: "echo", pos: 12, neg: 0, favor: 1 },
        { from: trusted, to: liar, skill: "echo", pos: 0, neg: 2, favor: 0 },
        { from: trusted, to: liar, skill: "sleep", pos: 1, neg: 0, favor: 1 },
      ].filter((edge) => nodes > 2 || edge.to !== liar),
      omitted: Math.max(0, 3 - nodes),
    }),
    export: async () => ({
      errand: "trust/1",
      network: "errand",
      peer: self,
      exportedAt: at,
      pins: [{ peer: trusted, trust: 0.9 }],
      blocks: [liar],
      evidence: [],
      attestations: ["CgEB"],
      equivocations: [],
    }),
    async import(given, { evidence }) {
      decisions.push(`import ${given.pins?.length ?? 0} pins${evidence ? " with evidence" : ""}`);
      const { pins = [], blocks = [], attestations = [] } = given;
      return {
        pins: pins.length,
        blocks: blocks.length,
        evidence: 0,
        attestations: { new: attestations.length },
        equivocations: { proved: 0, refused: 0 },
      };
    },
    async revoke(ids, { undo }) {
      for (const id of ids) {
        const subject = id === "*" ? id : resolve(id);
        if (undo) withheld.delete(subject);
        else withheld.add(subject);
      }
      return overview();
    },
    async *watch(signal) {
      const queue: TrustChange[] = [];
      let wake = Promise.withResolvers<void>();
      const watcher = (change: TrustChange): void => {
        queue.push(change);
        wake.resolve();
      };
      watchers.add(watcher);
      signal.addEventListener("abort", () => wake.resolve(), { once: true });
      while (!signal.aborted) {
        yield* queue.splice(0);
        if (signal.aborted) break;
        await wake.promise;
        wake = Promise.withResolvers();
      }
      watchers.delete(watcher);
    },
  };
  return {
    api,
    changed: (change) => watchers.forEach((tell) => tell({ event: "TrustChanged", ...change })),
  };
}
