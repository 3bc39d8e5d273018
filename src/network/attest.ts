/**
 * The signed statement behind a TaskResponse: what this worker says it returned for that input, so that a wrong
 * result is evidence that others can check. A signature costs 38 µs and a check 132: all statements of one turn share one
 * signature over their Merkle root, and a tree once checked is remembered, so both costs vanish under load.
 */
import { fromString } from "uint8arrays/from-string";
import type { Body } from "../core/body.ts";
import { taskIdToBytes, type PeerIdText } from "../core/ids.ts";
import { merkleTree, sha256, verifySignature, type Signer } from "../core/signatures.ts";
import type { Attest, AttemptRef, ResponseStatus } from "./messages.ts";
import { VerifiedTree } from "./verified-tree.ts";

const domain = "errand/task-response/1";

/** Everything a response is signed over; both ends know all of it. */
export interface ResponseStatement extends AttemptRef {
  network: string;
  submitter: PeerIdText;
  worker: PeerIdText;
  /** SHA-256 of the input's bytes. */
  inputHash: Uint8Array;
  skill: string;
  skillVersion: string;
  status: ResponseStatus;
  /** SHA-256 of the output's bytes; empty when there is none. */
  outputHash: Uint8Array;
}

export function bodyHash(body: Body): Uint8Array {
  return body.bytes === undefined ? fromString(body.blob.hash, "base16") : sha256(body.bytes);
}

/**
 * The bytes of a statement: each field in the order of `protocols/README.md`, as its length in two bytes (big-endian) and its
 * content; texts in UTF-8, the attempt in four bytes big-endian.
 */
export function statementBytes(s: ResponseStatement): Uint8Array {
  const end = writeStatement(s);
  return Buffer.from(scratch.subarray(1, end));
}

/** As `merkleLeaf` of the statement's bytes, hashed where they are written. */
function statementLeaf(s: ResponseStatement): Uint8Array {
  const end = writeStatement(s);
  return sha256(scratch.subarray(0, end));
}

// Filled and read in one go: the zero of a leaf, then the statement. Its fields are bounded by the wire and the configuration to
// a few hundred bytes.
const scratch = Buffer.alloc(16 * 1024);
const leafPrefixBytes = 1;

// The first fields are those of the last statement, mostly: they are still there.
let [network, submitter, worker] = ["", "", ""];
let partiesEnd = 0;

/** Returns where it ends. */
function writeStatement(s: ResponseStatement): number {
  if (s.worker !== worker || s.submitter !== submitter || s.network !== network || partiesEnd === 0) {
    ({ network, submitter, worker } = s);
    partiesEnd = writeText(worker, writeText(submitter, writeText(network, leafPrefixBytes)));
  }
  let at = writeField(taskIdToBytes(s.taskId), partiesEnd);
  scratch.writeUInt16BE(4, at);
  at = scratch.writeUInt32BE(s.attempt, at + 2);
  at = writeField(s.inputHash, at);
  at = writeText(s.status, writeText(s.skillVersion, writeText(s.skill, at)));
  return writeField(s.outputHash, at);
}

function writeField(bytes: Uint8Array, at: number): number {
  scratch.writeUInt16BE(bytes.length, at);
  scratch.set(bytes, at + 2);
  return at + 2 + bytes.length;
}

function writeText(text: string, at: number): number {
  const length = scratch.write(text, at + 2);
  scratch.writeUInt16BE(length, at);
  return at + 2 + length;
}

export interface ResponseSigner {
  /** Calls `done` at the end of this turn, together with the other statements of the turn. */
  sign(statement: ResponseStatement, done: (attest: Attest) => void): void;
  /** Ends the turn now. */
  flush(): void;
}

// A larger tree saves nothing more and lengthens every proof.
const treeLeaves = 256;

export function createResponseSigner(signer: Signer): ResponseSigner {
  let waiting: { leaf: Uint8Array; done: (attest: Attest) => void }[] = [];
  const flush = (): void => {
    const all = waiting;
    waiting = [];
    for (let from = 0; from < all.length; from += treeLeaves) {
      const batch = all.slice(from, from + treeLeaves);
      const { root, proofs } = merkleTree(batch.map((one) => one.leaf));
      const signature = signer.sign(domain, root);
      batch.forEach((one, leafIndex) =>
        one.done({ signature, leafIndex, treeSize: batch.length, proof: proofs[leafIndex] as Uint8Array[] }),
      );
    }
  };
  return {
    sign(statement, done) {
      waiting.push({ leaf: statementLeaf(statement), done });
      if (waiting.length === 1) setImmediate(flush);
    },
    flush,
  };
}

// Trees are as large as a turn of their worker was busy, and all their leaves arrive together. Those that are complete are
// not kept, and of the others few: what lives long is dear to collect.
const treesKept = 32;

/** A check of statements that remembers the trees it has seen signed. */
export type ResponseVerifier = (statement: ResponseStatement, attest: Attest | undefined) => boolean;

interface SignedTree {
  readonly worker: PeerIdText;
  readonly size: number;
  readonly signature: Uint8Array;
  readonly tree: VerifiedTree;
}

export function createResponseVerifier(): ResponseVerifier {
  // The newest last: the next answer's, mostly.
  const trees: SignedTree[] = [];

  function find(by: PeerIdText, { treeSize, signature }: Attest): SignedTree | undefined {
    for (let i = trees.length - 1; i >= 0; i--) {
      const one = trees[i] as SignedTree;
      if (one.size === treeSize && one.worker === by && Buffer.compare(one.signature, signature) === 0)
        return one;
    }
    return undefined;
  }

  return (statement, attest) => {
    if (attest === undefined || attest.treeSize > treeLeaves || attest.signature.length !== 64) return false;
    const { worker: by } = statement;
    const { treeSize, leafIndex, proof, signature } = attest;
    const known = find(by, attest);
    const tree = known?.tree ?? new VerifiedTree(treeSize);
    const isRoot = (root: Uint8Array): boolean => verifySignature(by, domain, root, signature);
    if (!tree.proves(statementLeaf(statement), leafIndex, proof, isRoot)) return false;
    if (known !== undefined) {
      if (tree.complete) trees.splice(trees.indexOf(known), 1);
    } else if (!tree.complete) {
      if (trees.length >= treesKept) trees.shift();
      // A copy: the answer's own is a view of all that came with it.
      trees.push({ worker: by, size: treeSize, signature: Uint8Array.from(signature), tree });
    }
    return true;
  };
}
