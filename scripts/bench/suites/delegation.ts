/**
 * Delegated tasks between two processes, beside raw libp2p. A machine's speed drifts, so the contenders take turns in
 * short rounds, each figure is the median of its rounds, and only ratios are promised: each of two measurements one right after
 * the other, and of these the median.
 */
import type { ContenderName } from "../contenders/contender.ts";
import { median } from "../measure.ts";
import { startPair, type Pair, type PairSample } from "../peers.ts";
import { figure } from "../report.ts";
import type { Promised, Suite, SuiteOptions, Table } from "./suite.ts";

const levels = [1, 64, 256];
const order: readonly ContenderName[] = ["errand", "new-stream", "one-stream", "ping"];
const titles: Record<ContenderName, string> = {
  errand: "Errand, durable",
  "new-stream": "libp2p, a stream a request",
  "one-stream": "libp2p, one stream",
  ping: "libp2p ping",
};

/** Ping is a round trip and no way to do work: it is asked one at a time. */
const levelsOf = (name: ContenderName): number[] => (name === "ping" ? [1] : levels);

interface Figures extends PairSample {
  contender: ContenderName;
  inFlight: number;
  rounds: PairSample[];
}

export const delegation: Suite = {
  name: "delegation",
  async run(options) {
    const pairs: Pair[] = [];
    options.say("starting two processes for each contender");
    for (const name of order) pairs.push(await startPair(name));
    const figures = await measureAll(pairs, options);
    for (const pair of pairs) await pair.stop();
    return { tables: [tableOf(figures)], promises: promisesOf(figures), figures };
  },
};

async function measureAll(pairs: Pair[], { quick, say }: SuiteOptions): Promise<Figures[]> {
  const rounds = quick ? 3 : 9;
  const forMs = quick ? 350 : 1_100;
  const cells: Figures[] = [];
  for (const { name } of pairs) {
    for (const inFlight of levelsOf(name)) {
      cells.push({ contender: name, inFlight, rounds: [], ...medians([]) });
    }
  }
  // A process that has run for seconds is still being compiled.
  for (const pair of pairs) {
    say(`warming up ${titles[pair.name]}`);
    for (const inFlight of levelsOf(pair.name)) await pair.measure(inFlight, quick ? 300 : 2_000);
  }
  for (let round = 1; round <= rounds; round++) {
    say(`round ${round} of ${rounds}`);
    for (const inFlight of levels) {
      for (const pair of pairs) {
        const cell = cells.find((one) => one.contender === pair.name && one.inFlight === inFlight);
        cell?.rounds.push(await pair.measure(inFlight, forMs));
      }
    }
  }
  for (const cell of cells) Object.assign(cell, medians(cell.rounds));
  return cells;
}

function medians(rounds: PairSample[]): PairSample {
  const of = (key: keyof PairSample): number => median(rounds.map((round) => round[key]));
  return {
    perSecond: of("perSecond"),
    p50Ms: of("p50Ms"),
    p99Ms: of("p99Ms"),
    askingCpuUs: of("askingCpuUs"),
    servingCpuUs: of("servingCpuUs"),
  };
}

function tableOf(figures: Figures[]): Table {
  return {
    title: "256 bytes to another process and back",
    head: ["", "in flight", "per second", "p50 ms", "p99 ms", "CPU µs asking", "CPU µs serving"],
    rows: figures.map((f) => [
      titles[f.contender],
      String(f.inFlight),
      figure(f.perSecond),
      figure(f.p50Ms),
      figure(f.p99Ms),
      figure(f.askingCpuUs),
      figure(f.servingCpuUs),
    ]),
  };
}

const leastRate = 4;
const mostLatency = 3;

function promisesOf(figures: Figures[]): Promised[] {
  const roundsOf = (contender: ContenderName, inFlight: number): PairSample[] =>
    figures.find((f) => f.contender === contender && f.inFlight === inFlight)?.rounds ?? [];
  const ratio = (key: "perSecond" | "p50Ms", rival: ContenderName, inFlight: number): number => {
    const theirs = roundsOf(rival, inFlight);
    return median(
      roundsOf("errand", inFlight).map((round, i) => round[key] / (theirs[i]?.[key] ?? Number.NaN)),
    );
  };
  const rate = ratio("perSecond", "new-stream", 256);
  const latency = ratio("p50Ms", "ping", 1);
  return [
    {
      text: `Errand vs new stream per request: ${figure(rate)} times the rate at 256 in flight (promise: >= ${leastRate})`,
      value: rate,
      kept: rate >= leastRate,
    },
    {
      text: `Errand p50 at one in flight vs ping: ${figure(latency)} times (promise: < ${mostLatency})`,
      value: latency,
      kept: latency < mostLatency,
    },
  ];
}
