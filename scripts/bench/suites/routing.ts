/** What one routing decision costs, by the number of peers that offer the skill. */
import type { Candidate, RoutingRequest } from "../../../src/routing/candidate.ts";
import { createRouter } from "../../../src/routing/router.ts";
import { median } from "../measure.ts";
import { figure } from "../report.ts";
import type { Suite } from "./suite.ts";

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

/** Median µs of a whole task's routing: the decision, and what its attempt teaches. */
function measure(size: number, batches: number): number {
  const router = createRouter({ random: Math.random, self: "self" });
  const candidates = Array.from({ length: size }, (_, index) => candidateAt(index));
  const perBatch = size >= 1_000 ? 20 : 500;
  const took: number[] = [];
  let now = 0;
  for (let batch = 0; batch < batches; batch++) {
    const start = performance.now();
    for (let i = 0; i < perBatch; i++) {
      now += 1;
      const peer = router.decide(request, candidates, now, now).order[0] as string;
      router.onSent(peer, request.skill, now);
      router.onAck(peer, 1, undefined, now);
      router.onGood(peer, request.skill, { wallMs: 5 }, now);
    }
    took.push(((performance.now() - start) * 1_000) / perBatch);
  }
  return median(took.slice(batches >> 2));
}

export const routing: Suite = {
  name: "routing",
  async run({ quick, say }) {
    say("routing decisions");
    const figures = sizes.map((candidates) => ({
      candidates,
      usPerTask: measure(candidates, quick ? 40 : 160),
    }));
    const rows = figures.map((f) => [String(f.candidates), figure(f.usPerTask)]);
    return {
      tables: [{ title: "Routing", head: ["candidates", "µs a task"], rows }],
      promises: [],
      figures,
    };
  },
};
