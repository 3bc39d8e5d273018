/** Pairs of processes, one that serves and one that asks, and what the benchmark says to them. They end with it, always. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { ContenderName } from "./contenders/contender.ts";
import type { Sample } from "./measure.ts";

export type ToPeer = { kind: "drive"; inFlight: number; forMs: number } | { kind: "cpu" } | { kind: "stop" };
export type FromPeer =
  | { kind: "ready"; address: string }
  | { kind: "sample"; sample: Sample }
  | { kind: "cpu"; cpuUs: number }
  | { kind: "failed"; message: string };

/** One measurement of a pair. CPU in µs a request: user and system time, all threads. */
export interface PairSample {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  askingCpuUs: number;
  servingCpuUs: number;
}

export interface Pair {
  name: ContenderName;
  measure(inFlight: number, forMs: number): Promise<PairSample>;
  stop(): Promise<void>;
}

const children = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});

interface Peer {
  address: string;
  ask(message: ToPeer): Promise<FromPeer>;
  stop(): Promise<void>;
}

async function startPeer(name: ContenderName, role: "serve" | "connect", address = ""): Promise<Peer> {
  const child = fork(new URL("peer.ts", import.meta.url), [name, role, address], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  children.add(child);
  const ended = once(child, "exit").then(() => children.delete(child));
  const answer = async (): Promise<FromPeer> => {
    const gone = ended.then(() => {
      throw new Error(`the ${role} side of ${name} ended too early`);
    });
    const [message] = (await Promise.race([once(child, "message"), gone])) as [FromPeer];
    if (message.kind === "failed") throw new Error(`${name}: ${message.message}`);
    return message;
  };
  const ready = await answer();
  return {
    address: ready.kind === "ready" ? ready.address : "",
    ask(message) {
      const answered = answer();
      child.send(message);
      return answered;
    },
    async stop() {
      child.send({ kind: "stop" } satisfies ToPeer);
      await ended;
    },
  };
}

export async function startPair(name: ContenderName): Promise<Pair> {
  const serving = await startPeer(name, "serve");
  const asking = await startPeer(name, "connect", serving.address);
  const servingCpuUs = async (): Promise<number> => {
    const answer = await serving.ask({ kind: "cpu" });
    return answer.kind === "cpu" ? answer.cpuUs : Number.NaN;
  };
  return {
    name,
    async measure(inFlight, forMs) {
      const before = await servingCpuUs();
      const answer = await asking.ask({ kind: "drive", inFlight, forMs });
      const after = await servingCpuUs();
      if (answer.kind !== "sample") throw new Error(`${name} answered "${answer.kind}" to a measurement`);
      const { perSecond, p50Ms, p99Ms, requests, cpuUs } = answer.sample;
      return {
        perSecond,
        p50Ms,
        p99Ms,
        askingCpuUs: cpuUs / requests,
        servingCpuUs: (after - before) / requests,
      };
    },
    async stop() {
      await asking.stop();
      await serving.stop();
    },
  };
}
