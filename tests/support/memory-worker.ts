/** A worker without sockets and without code: the working side of a node over jobs that the test ends. It can crash and come back. */
import { createPrivateKey, createPublicKey, randomBytes } from "node:crypto";
import { type Body, jsonBody } from "../../src/core/body.ts";
import { ErrandError } from "../../src/core/errors.ts";
import { peerOfPublicKey } from "../../src/core/ids.ts";
import { silentLog } from "../../src/core/log.ts";
import { createSigner, type Signer } from "../../src/core/signatures.ts";
import { createResponseSigner } from "../../src/network/attest.ts";
import type { Message } from "../../src/network/messages.ts";
import type { Store } from "../../src/storage/store.ts";
import type { BlobAccess } from "../../src/tasks/blob-access.ts";
import { createOutbox } from "../../src/tasks/outbox.ts";
import { createServing } from "../../src/tasks/serve.ts";
import { defaultAccess, grantFor } from "../../src/worker/policy.ts";
import type { Job, JobResult, Offer, Worker } from "../../src/worker/worker.ts";
import { lifeClock, type LifeClock, type ManualClock } from "./manual-clock.ts";
import { memoryStore } from "./memory-store.ts";

export const network = "test";
export const load = { running: 0, slots: 4, queued: 0, serviceMs: 10 };

const pkcs8Ed25519 = Buffer.from("302e020100300506032b657004220420", "hex");

/** `secret`: 32 bytes, for the same keys again. */
export function newSigner(secret: Uint8Array = randomBytes(32)): Signer {
  const key = createPrivateKey({
    key: Buffer.concat([pkcs8Ed25519, secret]),
    format: "der",
    type: "pkcs8",
  });
  const publicKey = createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-32);
  return createSigner(peerOfPublicKey(publicKey), secret);
}

export interface RunningJob {
  job: Job;
  /** It has come to an end, or was told to. */
  ended: boolean;
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
  /** What a drain waits for. */
  idle: () => Promise<void>;
  /** How long its runs say that they took, ms. */
  wallMs: number;
  /** A new life over `store`; the former one has ended in whatever it was doing. */
  restart(store: Store): Promise<void>;
}

export const noBlobs: BlobAccess = {
  fetch: () => Promise.reject(new ErrandError("NotFound", "no blobs here")),
  putFile: () => Promise.reject(new ErrandError("NotFound", "no blobs here")),
  putBytes: () => Promise.reject(new ErrandError("NotFound", "no blobs here")),
  grant() {},
  revoke() {},
  mayRead: () => false,
};

export function fakeWorker(
  clock: ManualClock,
  secret?: Uint8Array,
  store: Store = memoryStore(),
  blobs: BlobAccess = noBlobs,
): FakeWorker {
  const signer = newSigner(secret);
  let life = lifeClock(clock);

  const fake: FakeWorker = {
    signer,
    jobs: [],
    refuse: undefined,
    serving: serve(store, life),
    log: [],
    tamper: (message) => message,
    wallMs: 1,
    idle: async () => {},
    async restart(restarted) {
      life.end();
      life = lifeClock(clock);
      fake.jobs = [];
      fake.serving = serve(restarted, life);
      await fake.serving.recover();
      fake.serving.start();
    },
  };

  function serve(over: Store, lives: LifeClock): ReturnType<typeof createServing> {
    return createServing({
      self: signer.peer,
      network,
      worker: workerOf(lives),
      signer: createResponseSigner(signer),
      blobs,
      outbox: createOutbox({ store: over, clock: lives, log: silentLog }),
      clock: lives,
      log: silentLog,
    });
  }

  function workerOf(lives: LifeClock): Worker {
    return {
      skills: new Map(),
      offerFrom: () => [],
      has: () => true,
      offer(job): Offer {
        if (fake.refuse !== undefined) return fake.refuse;
        const { promise, resolve, reject } = Promise.withResolvers<JobResult>();
        promise.catch(() => undefined);
        const end = (run: () => void): void => {
          running.ended = true;
          // A process that was killed finishes nothing.
          if (lives.alive) run();
        };
        const completeWith = (body: { bytes: Uint8Array; type: string }): void =>
          end(() =>
            resolve({
              body: { bytes: body.bytes, type: body.type },
              usage: { wallMs: fake.wallMs, cpuMs: 1, peakMemoryBytes: 0 },
              version: "1.0.0",
              release: async () => {},
            }),
          );
        const running: RunningJob = {
          job,
          ended: false,
          completeWith,
          complete: (value) => completeWith(jsonBody(value) as { bytes: Uint8Array; type: string }),
          fail: (error) => end(() => reject(error)),
        };
        fake.jobs.push(running);
        job.signal.addEventListener("abort", () => end(() => reject(job.signal.reason as Error)));
        return { verdict: "accepted", position: 0, result: promise };
      },
      position: () => 0,
      load: () => load,
      grantOf: (skill) => grantFor(skill, defaultAccess),
      warm: () => [],
      held: () => ({ cpuCores: 0, memoryBytes: 0, gpus: 0 }),
      idle: () => fake.idle(),
      close: async () => {},
    };
  }

  return fake;
}
