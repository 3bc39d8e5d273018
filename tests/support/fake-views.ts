/** What the fake node of tests shows: peers, skills, tasks and explanations, made up. */
import { peerOfPublicKey } from "../../src/core/ids.ts";
import type { PeerView, SkillView, Submission, TaskView } from "../../src/node/node.ts";

export const fakePeer = peerOfPublicKey(new Uint8Array(32).fill(7));
export const otherPeer = peerOfPublicKey(new Uint8Array(32).fill(9));
export const startedAt = Date.parse("2025-06-01T00:00:00Z");
export const load = { running: 0, slots: 2, queued: 0, serviceMs: 12 };

export function taskView(id: string, submission: Submission): TaskView {
  const at = new Date(startedAt).toISOString();
  return {
    id,
    skill: submission.skill,
    skillVersion: submission.skillVersion ?? "",
    status: "queued",
    reason: "",
    priority: submission.priority ?? 96,
    peer: "",
    local: false,
    attempts: 0,
    progress: 0,
    progressMessage: "",
    createdAt: at,
    updatedAt: at,
    finishedAt: null,
    durationMs: 1_000,
    output: null,
    outputRef: null,
    error: null,
    usage: null,
    labels: submission.labels ?? {},
    notBefore: null,
    parentId: null,
    graph: null,
    cached: false,
  };
}

export function explained(task: TaskView) {
  const score = { rttMs: 1, serviceMs: 20, unreliabilityMs: 0, distrustMs: 3, priceMs: 0, totalMs: 24 };
  const considered = { trustMean: 0.9, trustLower: 0.8, reliability: 1, inFlight: 0, load };
  const decision = {
    order: [otherPeer],
    how: "best",
    considered: [
      { peer: otherPeer, local: false, ...considered, score, refused: "" },
      { peer: fakePeer, local: true, ...considered, score: null, refused: "does not offer the skill" },
    ],
    omitted: 0,
  };
  return {
    attempts: [
      { attempt: 1, peer: otherPeer, startedAt, finishedAt: startedAt + 5, outcome: "completed", decision },
    ],
    verification: [
      {
        attempt: 1,
        peer: otherPeer,
        rule: "replicas" as const,
        verdict: "passed" as const,
        grounded: false,
        reason: "2 of 2 agree",
        others: [{ peer: fakePeer, agreed: true }],
        at: new Date(startedAt).toISOString(),
      },
    ],
    history: [
      { at: startedAt, from: "" as const, to: "queued" as const, attempt: 0, peer: "", reason: "" },
      {
        at: startedAt + 5,
        from: "queued" as const,
        to: task.status,
        attempt: 1,
        peer: otherPeer,
        reason: "",
      },
    ],
  };
}

export function peerView(id: string, index: number): PeerView {
  return {
    id,
    name: `peer-${index}`,
    connected: index === 1,
    addresses: [`/ip4/127.0.0.1/tcp/${4781 + index}/p2p/${id}`],
    role: "worker",
    tags: [],
    skills: ["echo", "text.stats"],
    load,
    resources: null,
    tiers: [],
    agent: "errand/0.0.0",
    rttMs: 1.5,
    pinned: null,
    blocked: false,
    trust: { mean: 0.5, lower: 0.3, good: 0, bad: 0, reliability: 1 },
    lastSeenMs: 10,
  };
}

export const skillViews: SkillView[] = [
  skillView("echo", [], true),
  skillView("hold", [], true),
  skillView("text.stats", ["text/plain"], false),
  skillView("text.keywords", ["text/plain"], false),
  skillView("hash.file", ["*/*"], false),
];

function skillView(id: string, inputModes: string[], local: boolean): SkillView {
  return {
    id,
    version: "1.0.0",
    name: id,
    description: `What ${id} does.`,
    tags: [],
    examples: [],
    inputModes,
    deterministic: true,
    idempotent: true,
    price: 0,
    access: "everyone",
    providers: [fakePeer],
    local,
  };
}
