/** Raw libp2p the usual way: a new stream for each request. */
import type { Stream } from "@libp2p/interface";
import { payloadText, type Contender } from "./contender.ts";
import { createRawNode, dialRaw, servingOf, streamLimits } from "./raw-libp2p.ts";

const protocol = "/bench/request/1.0.0";
const bytes = Buffer.from(payloadText);

/** Resolves once as much has come as was sent. */
function received(stream: Stream): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let missing = bytes.length;
  stream.addEventListener("message", (event) => {
    missing -= event.data.byteLength;
    if (missing <= 0) resolve();
  });
  stream.addEventListener("close", () => reject(new Error("the stream closed before its answer")));
  return promise;
}

async function answer(stream: Stream): Promise<void> {
  await received(stream);
  stream.send(bytes);
  await stream.close();
}

export const newStream: Contender = {
  async serve() {
    const node = await createRawNode();
    await node.handle(
      protocol,
      (stream) => void answer(stream).catch((error: Error) => stream.abort(error)),
      streamLimits,
    );
    return servingOf(node);
  },
  async connect(address) {
    const { node, connection } = await dialRaw(address);
    return {
      stop: async () => node.stop(),
      async request() {
        const stream = await connection.newStream(protocol, streamLimits);
        const answered = received(stream);
        stream.send(bytes);
        const closed = stream.close();
        await answered;
        await closed;
      },
    };
  },
};
