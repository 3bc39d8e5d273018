/**
 * A home and its workers in one process, over a wire in memory that carries real frames and can be cut: the life of a task
 * at both ends without sockets, disk or real time. The worker's jobs end when the test says so.
 */
import { generateKeyPairSync } from "node:crypto";
import { type Body, jsonBody } from "../../src/core/body.ts";
import { ErrandError } from "../../src/core/errors.ts";
import { peerOfPublicKey } from "../../src/core/ids.ts";
import { silentLog } from "../../src/core/log.ts";
import { createSigner, type Signer } from "../../src/core/signatures.ts";
import { createResponseSigner, createResponseVerifier } from "../../src/network/attest.ts";
import type { CardDirectory, KnownCard, Resources } from "../../src/network/card.ts";
import type { Hello, Message, MessageHandler, Session } from "../../src/network/messages.ts";
import { decodeFrame } from "../../src/network/task-decode.ts";
import { encodeMessage } from "../../src/network/task-encode.ts";
import { createRouter } from "../../src/routing/router.ts";
import type { Store } from "../../src/storage/store.ts";
import { createAttempts } from "../../src/tasks/attempts.ts";
import type { BlobAccess } from "../../src/tasks/blob-access.ts";
import { createChanges } from "../../src/tasks/changes.ts";
import { createDelegation } from "../../src/tasks/delegate.ts";
import { createHome } from "../../src/tasks/home.ts";
import type { SkillLimit } from "../../src/tasks/keyed-limits.ts";
import { createOutbox } from "../../src/tasks/outbox.ts";
import { createProviders } from "../../src/tasks/providers.ts";
import { ReadyQueue } from "../../src/tasks/ready-queue.ts";
import type { TaskRecord } from "../../src/tasks/record.ts";
import { createServing } from "../../src/tasks/serve.ts";
import { createSettlement } from "../../src/tasks/settle.ts";
import { createTaskTable } from "../../src/tasks/table.ts";
import type { Job, JobResult, Offer, Worker } from "../../src/worker/worker.ts";
import { manualClock, type ManualClock } from "./manual-clock.ts";

const network = "test";
const load = { running: 0, slots: 4, queued: 0, serviceMs: 10 };
const resources: Resources = {
  cpuCores: 4,
  memoryBytes: 8e9,
  storageBytes: 1e11,
  gpus: [],
  platform: "linux",
  arch: "x64",
  internet: false,
};

export function newSigner(): Signer {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const peer = peerOfPublicKey(publicKey.export({ format: "der", type: "spki" }).subarray(-32));
  return createSigner(peer, privateKey.export({ format: "der", type: "pkcs8" }).subarray(-32));
}

/** Runs what waits for this turn and the next few: commits, flushes, signatures. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 12; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** A store that remembers its statements and commits when asked, or at once. */
export function memoryStore(): Store & {
  statements: string[];
  fail(error: Error): void;
  hold(): () => void;
} {
  const statements: string[] = [];
  let failed: Error | undefined;
  let held: { promise: Promise<void>; resolve: () => void } | undefined;
  return {
    statements,
    get failed() {
      return failed;
    },
    write: (sql) => void statements.push(sql),
    async committed() {
      await held?.promise;
      if (failed !== undefined) throw failed;
    },
    read: async () => [],
    close: async () => {},
    fail: (error) => (failed = error),
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = { promise, resolve };
      return () => {
        held = undefined;
        resolve();
      };
    },
  };
}

export interface RunningJob {
  job: Job;
  complete(value: unknown): void;
  /** Returns these bytes as they are. */
  completeWith(body: Body & { bytes: Uint8Array }): void;
  fail(error: ErrandError): void;
}

/** A worker whose jobs the test ends; `refuse` makes it say no. */
export interface FakeWorker {
  signer: Signer;
  jobs: RunningJob[];
  refuse: (Offer & { verdict: "refused" }) | undefined;
  serving: ReturnType<typeof createServing>;
  /** Everything it was sent and everything it sent. */
  log: { to: "worker" | "home"; message: Message }[];
  /** Changes or drops (undefined) what the worker sends. */
  tamper: (message: Message) => Message | undefined;
}

function fakeWorker(clock: ManualClock): FakeWorker {
  const signer = newSigner();
  const fake = {
    signer,
    jobs: [],
    refuse: undefined,
    log: [],
    tamper: (m: Message) => m,
  } as unknown as FakeWorker;
  const worker: Worker = {
    skills: new Map(),
    has: () => true,
    offer(job): Offer {
      if (fake.refuse !== undefined) return fake.refuse;
      const { promise, resolve, reject } = Promise.withResolvers<JobResult>();
      promise.catch(() => undefined);
      const completeWith = (body: { bytes: Uint8Array; type: string }): void => {
        resolve({
          body: { bytes: body.bytes, type: body.type },
          usage: { wallMs: 1, cpuMs: 1, peakMemoryBytes: 0 },
          version: "1.0.0",
          release: async () => {},
        });
      };
      fake.jobs.push({
        job,
        completeWith,
        complete: (value) => completeWith(jsonBody(value) as { bytes: Uint8Array; type: string }),
        fail: reject,
      });
      job.signal.addEventListener("abort", () => reject(job.signal.reason as Error));
      return { verdict: "accepted", position: 0, result: promise };
    },
    position: () => 0,
    load: () => load,
    idle: async () => {},
    close: async () => {},
  };
  fake.serving = createServing({
    self: signer.peer,
    network,
    worker,
    signer: createResponseSigner(signer),
    blobs: noBlobs,
    outbox: createOutbox({ store: memoryStore(), clock, log: silentLog }),
    clock,
    log: silentLog,
  });
  return fake;
}

const noBlobs: BlobAccess = {
  fetch: () => Promise.reject(new ErrandError("NotFound", "no blobs here")),
  putFile: () => Promise.reject(new ErrandError("NotFound", "no blobs here")),
  putBytes: () => Promise.reject(new ErrandError("NotFound", "no blobs here")),
  grant() {},
  revoke() {},
  mayRead: () => false,
};

class Gone extends Error {}

/** One home and `workerCount` workers that all offer `echo`. */
export function memoryMesh(workerCount: number, seed = 1, skillLimits: Record<string, SkillLimit> = {}) {
  const clock = manualClock();
  let state = seed;
  const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const self = newSigner();
  const store = memoryStore();
  const workers = Array.from({ length: workerCount }, () => fakeWorker(clock));
  const byPeer = new Map(workers.map((worker) => [worker.signer.peer, worker]));
  const open = new Map<string, { out: Session; end: () => void }>();
  /** Why a peer cannot be reached now. */
  const down = new Map<string, "gone" | "cut">();

  function connect(worker: FakeWorker): Session {
    const ended = new AbortController();
    const { peer } = worker.signer;
    const hello: Hello = { version: 1, network, capabilities: [], resume: attempts.resume(peer) };
    const side = (
      direction: "in" | "out",
      remote: Hello,
      other: string,
      deliver: (message: Message) => void,
    ): Session => ({
      peer: other,
      direction,
      remote,
      closed: ended.signal,
      bufferedBytes: 0,
      send(message) {
        if (ended.signal.aborted) return;
        const sent = direction === "in" ? worker.tamper(message) : message;
        if (sent === undefined) return;
        // Through the codec, as on a wire.
        const carried = decodeFrame(encodeMessage(sent)) as Message;
        worker.log.push({ to: direction === "in" ? "home" : "worker", message: carried });
        setImmediate(() => ended.signal.aborted || deliver(carried));
      },
      complain() {},
      close: () => end(),
    });
    const out: Session = side("out", hello, peer, (message) => worker.serving.onRequest(message, inbound));
    const inbound: Session = side("in", hello, self.peer, (message) => attempts.onAnswer(message, out));
    const end = (): void => {
      if (ended.signal.aborted) return;
      ended.abort();
      open.delete(peer);
      worker.serving.onSessionClosed(inbound);
      attempts.onSessionClosed(out);
    };
    open.set(peer, { out, end });
    attempts.onSessionOpen(out);
    worker.serving.onSessionOpen(inbound);
    return out;
  }

  const known: KnownCard[] = workers.map(({ signer }) => ({
    card: {
      version: 1,
      network,
      peer: signer.peer,
      seq: 1,
      issuedAt: 0,
      expiresAt: 0,
      name: "",
      addresses: [],
      agent: { name: "errand", version: "0", protocols: [] },
      resources,
      role: "worker",
      tags: [],
      tiers: [],
      load,
      skills: [
        {
          id: "echo",
          version: "1.0.0",
          name: "echo",
          description: "",
          tags: [],
          examples: [],
          inputSchemaHash: "",
          outputSchemaHash: "",
          deterministic: true,
          idempotent: true,
          price: 0,
          access: "everyone",
          inputModes: [],
        },
      ],
      tombstone: false,
    },
    signed: new Uint8Array(0),
    heardAt: 0,
  }));
  let generation = 1;
  const directory = {
    get generation() {
      return generation;
    },
    all: () => known,
    get: (peer: string) => known.find((one) => one.card.peer === peer),
    offering: (skill: string) => (skill === "echo" ? known : []),
    async *find() {},
    fetch: () => Promise.reject(new ErrandError("PeerUnreachable", "nobody")),
    schema: () => Promise.reject(new ErrandError("NotFound", "none")),
  } as unknown as CardDirectory;

  const changes = createChanges();
  const table = createTaskTable({ store, changes, clock, self: self.peer, log: silentLog });
  const queue = new ReadyQueue<TaskRecord>(1_000);
  const router = createRouter({ random, self: self.peer });
  const nowhere = { skills: new Map(), load: () => load } as unknown as Worker;
  const standing = { generation: 0, isBlocked: () => false, isConnected: () => true, pinOf: () => undefined };
  const providers = createProviders({
    self: self.peer,
    router,
    directory,
    standing,
    worker: nowhere,
    resources: () => resources,
    role: "",
    tags: [],
    clock,
  });
  const attempts = createAttempts({
    clock,
    current: (peer) => open.get(peer)?.out,
    async open(peer) {
      const why = down.get(peer);
      if (why === "gone") throw new Gone("refused");
      if (why === "cut") throw new Error("no answer");
      return open.get(peer)?.out ?? connect(byPeer.get(peer) as FakeWorker);
    },
    isGone: (error) => error instanceof Gone,
  });
  const settlement = createSettlement({
    self: self.peer,
    network,
    table,
    blobs: noBlobs,
    verify: createResponseVerifier(),
    acknowledge: (peer, refs) => open.get(peer)?.out.send({ kind: "responseAck", attempts: refs }),
    judged: (record, peer, answer, verdict, reason) =>
      providers.judged(record, peer, answer, verdict, reason),
  });
  const shared = {
    table,
    queue,
    attempts,
    providers,
    settlement,
    blobs: noBlobs,
    clock,
    random,
    log: silentLog,
  };
  const delegation = createDelegation({ ...shared, leaseEpoch: 1, skillLimits, discoveryWindowMs: 5_000 });
  const home = createHome({
    self: self.peer,
    store,
    table,
    queue,
    delegation,
    blobs: noBlobs,
    changes,
    clock,
    log: silentLog,
    discoveryWindowMs: 5_000,
  });
  attempts.start();
  for (const worker of workers) worker.serving.start();

  return {
    clock,
    store,
    home,
    table,
    attempts,
    router,
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
      open.get(worker.signer.peer)?.end();
    },
    heal: (worker: FakeWorker) => void down.delete(worker.signer.peer),
    /** Sends as the home, whatever the engine thinks. */
    say(worker: FakeWorker, message: Message) {
      (open.get(worker.signer.peer) as { out: Session }).out.send(message);
    },
    handler: ((message, session) => attempts.onAnswer(message, session)) as MessageHandler,
    changed: () => generation++,
    /** Lets time pass in steps small enough for every sweep, with the turns between them. */
    async pass(ms: number) {
      for (let left = ms; left > 0; left -= 250) {
        clock.advance(Math.min(250, left));
        await settled();
      }
    },
  };
}
