/**
 * The values behind the golden bytes: every message kind with every field set that an implementation may send. Nothing here
 * is random or depends on the time, so that a peer in another language can make the same bytes from the same values.
 */
import { createHash, createPrivateKey, createPublicKey } from "node:crypto";
import { peerOfPublicKey } from "../../src/core/ids.ts";
import { createSigner, type Signer } from "../../src/core/signatures.ts";
import type { ResponseStatement } from "../../src/network/attest.ts";
import type { Fault, SignedResult } from "../../src/network/alarm-codec.ts";
import type { Attestation } from "../../src/network/attestation.ts";
import type { Card } from "../../src/network/card.ts";
import type { Hello, Message, TaskRequest, TaskResponse } from "../../src/network/messages.ts";

export function sha256Hex(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

export function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, "hex"));
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function signerOf(seedByte: number): Signer {
  const seed = Buffer.alloc(32, seedByte);
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const publicKey = createPublicKey(privateKey).export({ format: "der", type: "spki" }).subarray(-32);
  return createSigner(peerOfPublicKey(publicKey), seed);
}

/** Ed25519 seeds: 32 bytes of 0x01, and of 0x02. */
export const submitter = signerOf(1);
export const worker = signerOf(2);

export const taskIds = [
  "01890a5d-ac96-774b-bcce-b302099a8057",
  "01890a5d-ac96-774b-bcce-b302099a8058",
  "01890a5d-ac96-774b-bcce-b302099a8059",
] as const;
const taskId = taskIds[0];

const ref = { taskId, attempt: 1 };
const load = { running: 1, slots: 2, queued: 3, serviceMs: 40 };
const input = '{"text":"hello"}';
const output = '{"words":1}';
const body = (text: string) => ({ bytes: new Uint8Array(Buffer.from(text)), type: "application/json" });
const largeBody = { blob: { hash: sha256Hex("a large body"), sizeBytes: 5_000_000 }, type: "text/plain" };

export const hello: Hello = {
  version: 1,
  network: "errand",
  capabilities: ["example"],
  resume: [ref, { taskId: taskIds[1], attempt: 300 }],
};

export const sessionError = { code: "ProtocolViolation", message: "a second Hello" } as const;

const fullRequest: TaskRequest = {
  ...ref,
  leaseEpoch: 7,
  skill: "text.stats",
  skillVersion: "^1.0.0",
  priority: 96,
  deadlineMs: 300_000,
  leaseMs: 15_000,
  input: body(input),
  requirements: {
    minCpuCores: 2,
    minMemoryGb: 0.5,
    minStorageGb: 10,
    gpu: true,
    internet: true,
    platform: "linux",
    role: "compute",
    tags: ["fast", "eu"],
  },
  limits: { cpuCores: 1, memoryBytes: 134_217_728, outputBytes: 1_048_576 },
  deterministic: true,
  idempotent: true,
  parentId: taskIds[2],
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  labels: { project: "demo" },
};

const leastRequest: TaskRequest = {
  ...ref,
  leaseEpoch: 1,
  skill: "echo",
  skillVersion: "",
  priority: 96,
  deadlineMs: 300_000,
  leaseMs: 15_000,
  input: body("1"),
  deterministic: false,
  idempotent: false,
};

const completed: TaskResponse = {
  ...ref,
  leaseEpoch: 7,
  status: "completed",
  output: body(output),
  outputHash: bytesOf(sha256Hex(output)),
  usage: { wallMs: 12.5, cpuMs: 8.25, peakMemoryBytes: 33_554_432 },
  executedSkillVersion: "1.2.0",
  load,
  attest: {
    signature: new Uint8Array(64).fill(0xaa),
    leafIndex: 1,
    treeSize: 3,
    proof: [new Uint8Array(32).fill(0xbb), new Uint8Array(32).fill(0xcc)],
  },
};

const failed = (
  status: TaskResponse["status"],
  error: TaskResponse["error"],
  changes: Partial<TaskResponse> = {},
): TaskResponse => ({
  ...ref,
  leaseEpoch: 7,
  status,
  outputHash: new Uint8Array(0),
  error,
  usage: { wallMs: 0, cpuMs: 0, peakMemoryBytes: 0 },
  executedSkillVersion: "1.2.0",
  ...changes,
});

/** By the names of the golden file. */
export const messages: Record<string, Message> = {
  "request, every field": { kind: "request", request: fullRequest },
  "request, least": { kind: "request", request: leastRequest },
  "request, input by blob": { kind: "request", request: { ...leastRequest, input: largeBody } },
  "ack, accepted": { kind: "ack", ack: { ...ref, verdict: "accepted", position: 0, load } },
  "ack, queued": { kind: "ack", ack: { ...ref, verdict: "queued", position: 4, load } },
  "ack, duplicate": { kind: "ack", ack: { ...ref, verdict: "duplicate", position: 0, load } },
  "ack, refused": {
    kind: "ack",
    ack: {
      ...ref,
      verdict: "refused",
      position: 0,
      code: "QueueFull",
      message: "1000 tasks are waiting here already",
      retryAfterMs: 500,
      load,
    },
  },
  progress: {
    kind: "progress",
    progress: { ...ref, seq: 3, fraction: 0.5, message: "half", chunk: Uint8Array.of(1, 2, 3), load },
  },
  "response, completed": { kind: "response", response: completed },
  "response, output by blob": {
    kind: "response",
    response: { ...completed, output: largeBody, outputHash: bytesOf(largeBody.blob.hash) },
  },
  "response, failed": {
    kind: "response",
    response: failed("failed", { code: "SkillFailed", message: "no such file", retryable: true }, { load }),
  },
  "response, cancelled": {
    kind: "response",
    response: failed("cancelled", { code: "Cancelled", message: "enough", retryable: false }),
  },
  "response, timeout": {
    kind: "response",
    response: failed("timeout", { code: "TaskTimeout", message: "too late", retryable: false }),
  },
  responseAck: { kind: "responseAck", attempts: [ref, { taskId: taskIds[1], attempt: 2 }] },
  cancel: { kind: "cancel", cancel: { ...ref, reason: "enough" } },
  pause: { kind: "pause", pause: ref },
  resume: { kind: "resume", resume: ref },
  query: { kind: "query", query: ref },
  "status, unknown": { kind: "status", status: { ...ref, state: "unknown" } },
  "status, waiting": { kind: "status", status: { ...ref, state: "waiting" } },
  "status, running": { kind: "status", status: { ...ref, state: "running" } },
  "status, answered": { kind: "status", status: { ...ref, state: "answered" } },
  probe: { kind: "probe", nonce: 9 },
  loadReport: { kind: "loadReport", nonce: 9, load },
  credit: { kind: "credit", tasks: 1_024, bytes: 16_777_216 },
  goAway: { kind: "goAway", reason: "draining", graceMs: 5_000 },
};

/** 2027-01-15T08:00:00Z. */
export const issuedAt = 1_800_000_000_000;

export const inputSchema = '{"type":"object"}';

export const card: Card = {
  version: 1,
  network: "errand",
  peer: worker.peer,
  seq: issuedAt,
  issuedAt,
  expiresAt: issuedAt + 60_000,
  name: "lab",
  addresses: [`/ip4/127.0.0.1/tcp/4781/p2p/${worker.peer}`],
  agent: { name: "errand", version: "0.1.0", protocols: ["/errand/task/1.0.0"] },
  resources: {
    cpuCores: 2,
    memoryBytes: 8_589_934_592,
    storageBytes: 107_374_182_400,
    gpus: ["none of note"],
    platform: "linux",
    arch: "x64",
    internet: true,
  },
  role: "worker",
  tags: ["fast"],
  tiers: ["T0"],
  load,
  skills: [
    {
      id: "text.stats",
      version: "1.2.0",
      name: "Text statistics",
      description: "Counts words.",
      tags: ["text"],
      examples: ['{"text":"x"}'],
      inputSchemaHash: sha256Hex(inputSchema),
      outputSchemaHash: sha256Hex("true"),
      deterministic: true,
      idempotent: true,
      price: 0.25,
      access: "everyone",
      inputModes: ["text/plain"],
    },
  ],
  tombstone: false,
};

export const tombstone: Card = {
  ...card,
  seq: issuedAt + 1,
  issuedAt: issuedAt + 1,
  expiresAt: issuedAt + 60_001,
  skills: [],
  tombstone: true,
};

/** Of another node, as a relay hands it on. */
export const warmCard: Card = { ...card, skills: card.skills.map((skill) => ({ ...skill, warm: true })) };
export const otherCard: Card = { ...card, peer: submitter.peer, name: "home", addresses: [], skills: [] };

/** Three answers that a worker gives in one turn. The last one failed, and so has no output. */
export const statements: ResponseStatement[] = taskIds.map((id, i) => ({
  network: "errand",
  submitter: submitter.peer,
  worker: worker.peer,
  taskId: id,
  attempt: i + 1,
  inputHash: bytesOf(sha256Hex(input)),
  skill: "text.stats",
  skillVersion: "1.2.0",
  status: i === 2 ? "failed" : "completed",
  outputHash: i === 2 ? new Uint8Array(0) : bytesOf(sha256Hex(output)),
}));

/** What the submitter says of the worker: two skills, in order. */
export const attestation: Attestation = {
  issuer: submitter.peer,
  seq: issuedAt,
  issuedAt,
  expiresAt: issuedAt + 86_400_000,
  claims: [
    { subject: worker.peer, skill: "echo", pos: 50, neg: 0, grounded: true, lastEpoch: 500_000 },
    { subject: worker.peer, skill: "text.stats", pos: 7, neg: 1, grounded: true, lastEpoch: 499_999 },
  ],
};

/** The same number, and nothing said: with the one above a proof, with the next number a revocation. */
export const rivalAttestation: Attestation = { ...attestation, claims: [] };
export const revocation: Attestation = { ...rivalAttestation, seq: issuedAt + 1, issuedAt: issuedAt + 1 };

function resultSignedBy(signer: Signer, changes: Partial<SignedResult> = {}): Omit<SignedResult, "attest"> {
  const { network: _network, status: _status, ...first } = statements[0] as ResponseStatement;
  return { ...first, worker: signer.peer, ...changes };
}

/** The worker's first answer, signed in a tree of one leaf, and the right one of a second run, by the same worker. */
export const wrongResult = resultSignedBy(worker);
export const rightResult = resultSignedBy(worker, {
  taskId: taskIds[1],
  attempt: 2,
  outputHash: bytesOf(sha256Hex('{"words":2}')),
});

export function faultOf(wrong: SignedResult, other?: SignedResult): Omit<Fault, "reporter"> {
  return { issuedAt, wrong, groundedHash: rightResult.outputHash, ...(other !== undefined && { other }) };
}

/** Without undefined keys, and bytes as plain arrays: what matters of a message. */
export function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_key, v: unknown) => (v instanceof Uint8Array ? [...v] : v)));
}
