/**
 * How blobs come from a peer: into the store, with a count of what this peer has really sent, or only to be compared with
 * their name. What follows from either is decided in blob-access.ts.
 */
import { createHash } from "node:crypto";
import type { BlobRef } from "../core/body.ts";
import type { Clock, Random } from "../core/clock.ts";
import { ErrandError } from "../core/errors.ts";
import { fetchBlob, type BlobSink } from "../network/blob-transfer.ts";
import type { Host } from "../network/host.ts";
import type { BlobTransfers } from "./blob-access.ts";

export function createBlobTransfers(context: {
  host: Host;
  sink: BlobSink;
  clock: Clock;
  random: Random;
}): BlobTransfers {
  return {
    async fetch(peer, ref, signal) {
      const counting = countingSink(context.sink);
      await fetchBlob({ ...context, sink: counting.sink }, peer, ref, { signal });
      return counting.received();
    },
    prove: (peer, ref, signal) => fetchBlob({ ...context, sink: comparingSink(ref) }, peer, ref, { signal }),
  };
}

/** Counts what is written from the blob's beginning on; what others had begun counts for nothing. */
export function countingSink(into: BlobSink): { sink: BlobSink; received(): number } {
  let received = 0;
  let fromStart = false;
  return {
    received: () => (fromStart ? received : 0),
    sink: {
      async receive(ref, options) {
        const receiver = await into.receive(ref, options);
        const start = receiver.offset;
        fromStart = start === 0 || (fromStart && start <= received);
        received = start;
        return {
          get offset() {
            return receiver.offset;
          },
          async write(chunk) {
            await receiver.write(chunk);
            received += chunk.length;
          },
          finish: () => receiver.finish(),
          abort: () => receiver.abort(),
        };
      },
    },
  };
}

/** Keeps nothing but the hash; a broken transfer goes on where it stopped. */
export function comparingSink(ref: BlobRef): BlobSink {
  const hash = createHash("sha256");
  let offset = 0;
  return {
    receive: async () => ({
      get offset() {
        return offset;
      },
      async write(chunk) {
        hash.update(chunk);
        offset += chunk.length;
      },
      async finish() {
        if (hash.digest("hex") !== ref.hash)
          throw new ErrandError("VerificationFailed", `the bytes sent for blob ${ref.hash} are others`);
      },
      async abort() {},
    }),
  };
}
