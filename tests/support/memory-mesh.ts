/**
 * A home and its workers in one process, over a wire in memory that carries real frames and can be cut: the life of a task
 * at both ends without sockets, disk or real time. The worker's jobs end when the test says so; every node can crash.
 */
import type { Hello, Message, MessageHandler, Session } from "../../src/network/messages.ts";
import { decodeFrame } from "../../src/network/task-decode.ts";
import { encodeMessage } from "../../src/network/task-encode.ts";
import type { Store } from "../../src/storage/store.ts";
import type { SkillLimit } from "../../src/tasks/keyed-limits.ts";
import { lifeClock, manualClock } from "./manual-clock.ts";
import { echoDirectory, memoryHome, type CheckOptions, type MemoryHome } from "./memory-home.ts";
import { memoryStore } from "./memory-store.ts";
import { fakeWorker, network, newSigner, type FakeWorker } from "./memory-worker.ts";

export { memoryStore } from "./memory-store.ts";
export { newSigner, type FakeWorker, type RunningJob } from "./memory-worker.ts";

/** Runs what waits for this turn and the next few: commits, flushes, signatures. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 12; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** One message on its way. `deliver` does nothing once its session has ended. */
export type Wire = (message: Message, to: "worker" | "home", deliver: () => void) => void;

class Gone extends Error {}

interface Link {
  worker: FakeWorker;
  out: Session;
  inbound: Session;
  /** The session is over; nobody has been told. */
  sever(): void;
  end(): void;
}

/** Keys that are the same for the same seed. */
function secretOf(seed: number, node: number): Uint8Array {
  const secret = Buffer.alloc(32);
  secret.writeUInt32BE(seed);
  secret.writeUInt32BE(node, 4);
  return secret;
}

/** One home and `workerCount` workers that all offer `echo`. */
export function memoryMesh(workerCount: number, seed = 1, skillLimits: Record<string, SkillLimit> = {}) {
  const store = memoryStore();
  return { ...crashableMesh({ workers: workerCount, seed, skillLimits, store }), store };
}

export interface MeshOptions {
  workers: number;
  seed: number;
  store: Store;
  skillLimits?: Record<string, SkillLimit>;
  workerStore?: (index: number) => Store;
  wire?: Wire;
  checks?: CheckOptions;
}

export function crashableMesh(options: MeshOptions) {
  const { seed, skillLimits = {}, wire = (_message, _to, deliver) => void setImmediate(deliver) } = options;
  const clock = manualClock();
  let state = seed;
  const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const self = newSigner(secretOf(seed, 0));
  const workers = Array.from({ length: options.workers }, (_, i) =>
    fakeWorker(clock, secretOf(seed, i + 1), options.workerStore?.(i)),
  );
  const byPeer = new Map(workers.map((worker) => [worker.signer.peer, worker]));
  const links = new Map<string, Link>();
  /** Why a peer cannot be reached now. */
  const down = new Map<string, "gone" | "cut">();
  const { directory, changed } = echoDirectory([...byPeer.keys()]);
  let lives = 0;
  let life = begin(options.store);

  function begin(store: Store): MemoryHome {
    const lived = lifeClock(clock);
    return memoryHome({
      self: self.peer,
      clock: lived,
      random,
      store,
      directory,
      skillLimits,
      leaseEpoch: ++lives,
      // What a former life left half done must not go on over a session of this one.
      current: (peer) => (lived.alive ? links.get(peer)?.out : undefined),
      async open(peer) {
        if (!lived.alive) return new Promise(() => {});
        const why = down.get(peer);
        if (why === "gone") throw new Gone("refused");
        if (why === "cut") throw new Error("no answer");
        return links.get(peer)?.out ?? connect(byPeer.get(peer) as FakeWorker);
      },
      isGone: (error) => error instanceof Gone,
      ...(options.checks !== undefined && { checks: options.checks }),
    });
  }

  function connect(worker: FakeWorker): Session {
    const ended = new AbortController();
    const { attempts } = life;
    const { peer } = worker.signer;
    const hello: Hello = { version: 1, network, capabilities: [], resume: attempts.resume(peer) };
    const side = (direction: "in" | "out", other: string, receive: (message: Message) => void): Session => ({
      peer: other,
      direction,
      remote: hello,
      closed: ended.signal,
      bufferedBytes: 0,
      send(message) {
        if (ended.signal.aborted) return;
        const sent = direction === "in" ? worker.tamper(message) : message;
        if (sent === undefined) return;
        // Through the codec, as on a wire.
        const carried = decodeFrame(encodeMessage(sent)) as Message;
        const to = direction === "in" ? "home" : "worker";
        worker.log.push({ to, message: carried });
        wire(carried, to, () => ended.signal.aborted || receive(carried));
      },
      complain() {},
      close: () => link.end(),
    });
    const out: Session = side("out", peer, (message) => worker.serving.onRequest(message, inbound));
    const inbound: Session = side("in", self.peer, (message) => attempts.onAnswer(message, out));
    const link: Link = {
      worker,
      out,
      inbound,
      sever() {
        ended.abort();
        links.delete(peer);
      },
      end() {
        if (ended.signal.aborted) return;
        link.sever();
        worker.serving.onSessionClosed(inbound);
        attempts.onSessionClosed(out);
      },
    };
    links.set(peer, link);
    attempts.onSessionOpen(out);
    worker.serving.onSessionOpen(inbound);
    return out;
  }

  for (const worker of workers) worker.serving.start();

  return {
    clock,
    get home() {
      return life.home;
    },
    get table() {
      return life.table;
    },
    get attempts() {
      return life.attempts;
    },
    get checking() {
      return life.checking;
    },
    get router() {
      return life.router;
    },
    workers,
    peerOf: (worker: FakeWorker) => worker.signer.peer,
    /** The one worker that has a job now. */
    busy(): FakeWorker {
      const found = workers.filter((worker) => worker.jobs.length > 0);
      if (found.length !== 1) throw new Error(`${found.length} workers have jobs`);
      return found[0] as FakeWorker;
    },
    /** Breaks the session and keeps it from coming back. */
    cut(worker: FakeWorker, why: "gone" | "cut" | undefined) {
      if (why === undefined) down.delete(worker.signer.peer);
      else down.set(worker.signer.peer, why);
      links.get(worker.signer.peer)?.end();
    },
    heal: (worker: FakeWorker) => void down.delete(worker.signer.peer),
    /** The home's process ends in whatever it was doing; the workers see their sessions break. */
    crashHome() {
      life.clock.end();
      for (const link of links.values()) {
        link.sever();
        link.worker.serving.onSessionClosed(link.inbound);
      }
    },
    /** A new life of the home over what the store has. */
    async restartHome(store: Store) {
      life = begin(store);
      await life.home.recover();
    },
    /** The worker's process ends; nothing listens there until `restart`. */
    crashWorker(worker: FakeWorker) {
      down.set(worker.signer.peer, "gone");
      const link = links.get(worker.signer.peer);
      link?.sever();
      if (link !== undefined && life.clock.alive) life.attempts.onSessionClosed(link.out);
    },
    async restartWorker(worker: FakeWorker, store: Store) {
      await worker.restart(store);
      down.delete(worker.signer.peer);
    },
    /** Sends as the home, whatever the engine thinks. */
    say(worker: FakeWorker, message: Message) {
      (links.get(worker.signer.peer) as Link).out.send(message);
    },
    handler: ((message, session) => life.attempts.onAnswer(message, session)) as MessageHandler,
    changed,
    /** Lets time pass in steps small enough for every sweep, with the turns between them. */
    async pass(ms: number) {
      for (let left = ms; left > 0; left -= 250) {
        clock.advance(Math.min(250, left));
        await settled();
      }
    },
  };
}
