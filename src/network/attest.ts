/**
 * The signed statement behind a TaskResponse: what this worker says it returned for that input, so that a wrong
 * result is evidence that others can check. A signature costs 38 µs and a check 132: all statements of one turn share one
 * signature over their Merkle root, and a tree once checked is remembered, so both costs vanish under load.
 */
import { fromString } from "uint8arrays/from-string";
import type { Body } from "../core/body.ts";
import { taskIdToBytes, type PeerIdText } from "../core/ids.ts";
import { merkleLeaf, merkleTree, sha256, verifySignature, type Signer } from "../core/signatures.ts";
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
  attemptBytes.writeUInt32BE(s.attempt);
  const fields = [
    s.network,
    s.submitter,
    s.worker,
    taskIdToBytes(s.taskId),
    attemptBytes,
    s.inputHash,
    s.skill,
    s.skillVersion,
    s.status,
    s.outputHash,
  ];
  let at = 0;
  for (const field of fields) {
    let length: number;
    if (typeof field === "string") {
      length = scratch.write(field, at + 2);
    } else {
      scratch.set(field, at + 2);
      length = field.length;
    }
    scratch.writeUInt16BE(length, at);
    at += 2 + length;
  }
  return Buffer.from(scratch.subarray(0, at));
}

// Filled and copied in one go. Its fields are bounded by the wire and the configuration to a few hundred bytes.
const scratch = Buffer.alloc(16 * 1024);
const attemptBytes = Buffer.alloc(4);

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
      waiting.push({ leaf: merkleLeaf(statementBytes(statement)), done });
      if (waiting.length === 1) setImmediate(flush);
    },
    flush,
  };
}

// Trees are as large as a turn of their worker was busy, and all their leaves arrive together. Those that are complete are
// not kept, and of the others few: what lives long is dear to collect.
const treesKept = 32;

/** A check of statements that remembers the trees it has seen signed. `bytes`: the statement's, where they are at hand. */
export type ResponseVerifier = (
  statement: ResponseStatement,
  attest: Attest | undefined,
  bytes?: Uint8Array,
) => boolean;

export function createResponseVerifier(): ResponseVerifier {
  const trees = new Map<string, VerifiedTree>();
  return (statement, attest, bytes = statementBytes(statement)) => {
    if (attest === undefined || attest.treeSize > treeLeaves || attest.signature.length !== 64) return false;
    const { worker } = statement;
    const key = `${worker} ${attest.treeSize} ${Buffer.from(attest.signature).toString("latin1")}`;
    const known = trees.get(key);
    const tree = known ?? new VerifiedTree(attest.treeSize);
    const isRoot = (root: Uint8Array): boolean => verifySignature(worker, domain, root, attest.signature);
    if (!tree.proves(merkleLeaf(bytes), attest.leafIndex, attest.proof, isRoot)) return false;
    if (tree.complete) trees.delete(key);
    else if (known === undefined) keep(key, tree);
    return true;
  };

  function keep(key: string, tree: VerifiedTree): void {
    if (trees.size >= treesKept) trees.delete(trees.keys().next().value as string);
    trees.set(key, tree);
  }
}
