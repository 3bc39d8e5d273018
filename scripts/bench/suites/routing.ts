/**
 * What one routing decision costs, by the number of peers that offer the skill: the decision alone, with its explanation, and
 * the whole of a task's routing, with what its attempt teaches.
 */
import type { Candidate, RoutingRequest } from "../../../src/routing/candidate.ts";
import { createRouter } from "../../../src/routing/router.ts";
import { median } from "../measure.ts";
import { figure } from "../report.ts";
import { measureGraph, type GraphFigures } from "../trust-graph.ts";
import type { Promised, Suite, Table } from "./suite.ts";

const sizes = [1, 10, 1_000];

function candidateAt(index: number): Candidate {
  return {
    peer: `peer-${index}`,
    local: false,
    skillVersion: "1.0.0",
    price: 0,
    resources: {
      cpuCores: 4,
      memoryBytes: 2 ** 33,
      storageBytes: 2 ** 38,
      gpus: [],
      platform: "linux",
      arch: "x64",
      internet: true,
    },
    role: "worker",
    tags: [],
    load: { running: index % 3, slots: 4, queued: 0, serviceMs: 5 },
    loadAgeMs: 100,
    connected: true,
    blocked: false,
    pin: undefined,
  };
}

const request: RoutingRequest = {
  skill: "echo",
  skillVersion: "",
  requirements: {},
  peer: undefined,
  minTrust: 0,
  maxPrice: undefined,
  timeoutMs: 60_000,
  exclude: new Set(),
};

interface Figures {
  candidates: number;
  usPerDecision: number;
  usPerTask: number;
}

const promised = new Map([
  [10, 5],
  [1_000, 50],
]);

/** The graph at its bound, and what one change of it may cost a decision. */
const promisedComputeMs = 50;
const promisedUpdateMs = 1;

/** Medians over batches, µs. */
function measure(size: number, batches: number): Figures {
  const router = createRouter({ random: Math.random, self: "self" });
  const candidates = Array.from({ length: size }, (_, index) => candidateAt(index));
  const perBatch = size >= 1_000 ? 20 : 500;
  const tasks: number[] = [];
  const decisions: number[] = [];
  let now = 0;
  for (let batch = 0; batch < batches; batch++) {
    const start = performance.now();
    for (let i = 0; i < perBatch; i++) {
      now += 1;
      const peer = router.draft(request, candidates, now, now).decision.order[0] as string;
      router.onSent(peer, request.skill, now);
      router.onAck(peer, 1, candidates[0]?.load, now);
      router.onGood(peer, request.skill, { wallMs: 5 }, now);
    }
    tasks.push(((performance.now() - start) * 1_000) / perBatch);
    const before = performance.now();
    for (let i = 0; i < perBatch; i++) router.draft(request, candidates, (now += 1), now);
    decisions.push(((performance.now() - before) * 1_000) / perBatch);
  }
  return {
    candidates: size,
    usPerDecision: median(decisions.slice(batches >> 2)),
    usPerTask: median(tasks.slice(batches >> 2)),
  };
}

function decisionPromises(figures: readonly Figures[]): Promised[] {
  return figures.flatMap(({ candidates, usPerDecision }) => {
    const most = promised.get(candidates);
    if (most === undefined) return [];
    const text = `A decision among ${candidates} candidates: ${figure(usPerDecision)} µs (promise: <= ${most})`;
    return [{ text, value: usPerDecision, kept: usPerDecision <= most }];
  });
}

function graphPromises({ peers, claims, computeMs, updateMs, decisionAfterMs }: GraphFigures): Promised[] {
  const effectMs = updateMs + decisionAfterMs;
  return [
    {
      text: `The trust graph of ${peers} peers and ${claims} claims, computed whole: ${figure(computeMs)} ms (promise: < ${promisedComputeMs})`,
      value: computeMs,
      kept: computeMs < promisedComputeMs,
    },
    {
      text: `A changed attestation, and the decision after it: ${figure(effectMs)} ms (promise: < ${promisedUpdateMs})`,
      value: effectMs,
      kept: effectMs < promisedUpdateMs,
    },
  ];
}

function graphTable(graph: GraphFigures): Table {
  return {
    title: `Trust graph, ${graph.peers} peers, ${graph.claims} claims`,
    head: ["", "ms"],
    rows: [
      ["computed whole", figure(graph.computeMs)],
      ["an attestation that is heard", figure(graph.updateMs)],
      ["the decision after it", figure(graph.decisionAfterMs)],
      ["a stranger's attestation", figure(graph.strangerMs)],
    ],
  };
}

export const routing: Suite = {
  name: "routing",
  async run({ quick, say }) {
    say("routing decisions");
    const figures = sizes.map((size) => measure(size, quick ? 40 : 160));
    say("the trust graph");
    const thousand = Array.from({ length: 1_000 }, (_, index) => candidateAt(index));
    const graph = measureGraph(quick ? 10 : 40, thousand, request);
    const rows = figures.map((f) => [String(f.candidates), figure(f.usPerDecision), figure(f.usPerTask)]);
    return {
      tables: [
        { title: "Routing", head: ["candidates", "µs a decision", "µs a task"], rows },
        graphTable(graph),
      ],
      promises: [...decisionPromises(figures), ...graphPromises(graph)],
      figures: { decisions: figures, graph },
    };
  },
};
