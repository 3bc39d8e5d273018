/** Raw libp2p with one stream for all requests: length-prefixed frames, each in a write of its own, answered in order. */
import type { Stream } from "@libp2p/interface";
import { encode } from "uint8-varint";
import { FrameSplitter } from "../../../src/network/frames.ts";
import { payloadText, type Contender } from "./contender.ts";
import { createRawNode, dialRaw, servingOf, streamLimits } from "./raw-libp2p.ts";

const protocol = "/bench/frames/1.0.0";
const bytes = Buffer.from(payloadText);
const frame = Buffer.concat([encode(bytes.length), bytes]);
const largestFrameBytes = 1024 * 1024;

function onFrames(stream: Stream, onFrame: () => void): void {
  const splitter = new FrameSplitter(largestFrameBytes, onFrame);
  stream.addEventListener("message", (event) => splitter.push(event.data.subarray()));
}

export const oneStream: Contender = {
  async serve() {
    const node = await createRawNode();
    await node.handle(protocol, (stream) => onFrames(stream, () => void stream.send(frame)), streamLimits);
    return servingOf(node);
  },
  async connect(address) {
    const { node, connection } = await dialRaw(address);
    const stream = await connection.newStream(protocol, streamLimits);
    const waiting: (() => void)[] = [];
    // At most 256 wait: shifting costs less than a queue would.
    onFrames(stream, () => waiting.shift()?.());
    return {
      stop: async () => node.stop(),
      request() {
        const { promise, resolve } = Promise.withResolvers<void>();
        waiting.push(resolve);
        stream.send(frame);
        return promise;
      },
    };
  },
};
