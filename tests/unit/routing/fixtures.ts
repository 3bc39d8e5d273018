/** Candidates and requests with everything ordinary, and a random source that repeats. */
import type { Random } from "../../../src/core/clock.ts";
import type { Candidate, RoutingRequest } from "../../../src/routing/candidate.ts";

export const skill = "text.stats";
/** 2026-01-01, so that evidence is dated like in life. */
export const wallStart = 1_767_225_600_000;

export function candidate(peer: string, changes: Partial<Candidate> = {}): Candidate {
  return {
    peer,
    local: false,
    skillVersion: "1.2.0",
    price: 0,
    resources: {
      cpuCores: 4,
      memoryBytes: 8e9,
      storageBytes: 100e9,
      gpus: [],
      platform: "linux",
      arch: "x64",
      internet: true,
    },
    role: "worker",
    tags: ["fast", "eu"],
    load: { running: 0, slots: 4, queued: 0, serviceMs: 100 },
    loadAgeMs: 0,
    connected: true,
    blocked: false,
    pin: undefined,
    ...changes,
  };
}

export function request(changes: Partial<RoutingRequest> = {}): RoutingRequest {
  return {
    skill,
    skillVersion: "",
    requirements: {},
    peer: undefined,
    minTrust: 0,
    maxPrice: undefined,
    timeoutMs: 60_000,
    exclude: new Set(),
    ...changes,
  };
}

/** Mulberry32. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
