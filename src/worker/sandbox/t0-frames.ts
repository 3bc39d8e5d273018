/**
 * How the node and a T0 child talk over standard input and output: frames of a kind, a length and bytes. JSON and bytes
 * only, because what comes back was made beside hostile code.
 */

/** `message`: a JSON document. `bytes`: an attachment of the message that follows (from the child) or precedes (to it). */
export type FrameKind = "message" | "bytes";

export interface Frame {
  kind: FrameKind;
  payload: Uint8Array;
}

const headBytes = 5;
const kinds: readonly FrameKind[] = ["message", "bytes"];

export function encodeFrame(kind: FrameKind, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt8(kinds.indexOf(kind), 0);
  head.writeUInt32LE(payload.length, 1);
  return Buffer.concat([head, payload]);
}

export function messageFrame(value: unknown): Buffer {
  return encodeFrame("message", Buffer.from(JSON.stringify(value)));
}

/** Takes chunks as they come and hands out whole frames. Throws `RangeError` beyond `mostBytes` in all, or on nonsense. */
export function createFrameReader(mostBytes: number): (chunk: Uint8Array) => Frame[] {
  let rest: Buffer = Buffer.alloc(0);
  let parts: Uint8Array[] = [];
  let waitingBytes = 0;
  let neededBytes = headBytes;
  let totalBytes = 0;
  return (chunk) => {
    totalBytes += chunk.length;
    if (totalBytes > mostBytes) throw new RangeError("more was said than a run may say");
    parts.push(chunk);
    waitingBytes += chunk.length;
    if (waitingBytes < neededBytes) return [];
    rest = Buffer.concat(parts);
    const frames: Frame[] = [];
    for (;;) {
      neededBytes = headBytes;
      if (rest.length < headBytes) break;
      const kind = kinds[rest.readUInt8(0)];
      if (kind === undefined) throw new RangeError("a frame of no known kind");
      neededBytes = headBytes + rest.readUInt32LE(1);
      if (rest.length < neededBytes) break;
      frames.push({ kind, payload: rest.subarray(headBytes, neededBytes) });
      rest = rest.subarray(neededBytes);
    }
    parts = [rest];
    waitingBytes = rest.length;
    return frames;
  };
}
