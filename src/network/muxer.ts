/**
 * yamux, made safe against a connection that ends at the wrong moment. A new stream's first frame leaves in a microtask of the
 * library's own; when the remote has closed by then, the write throws where nobody can catch it, and any peer could take the
 * node down by leaving. A write to a connection that is over is lost in any case: the `close` event, which is about to come, tells
 * every stream.
 *
 * And a little faster: yamux answers each frame of data with a window update, and each costs a noise message and three writes to
 * the socket. They wait for the end of the turn, or leave with what is sent before it.
 */
import { yamux } from "@chainsafe/libp2p-yamux";
import type { StreamMuxer, StreamMuxerFactory } from "@libp2p/interface";
import { Uint8ArrayList } from "uint8arraylist";
import { limits } from "../core/limits.ts";

/** What all muxers of libp2p have, and their interface does not name. */
type Sending = StreamMuxer & { send(data: Uint8Array | Uint8ArrayList): boolean };

export function createMuxer(): () => StreamMuxerFactory {
  // The window stays at its default: a mismatch resets the connection.
  const create = yamux({
    maxInboundStreams: limits.streamsPerConnection,
    maxOutboundStreams: limits.streamsPerConnection,
  });
  return () => {
    const factory: StreamMuxerFactory = create();
    const createStreamMuxer = factory.createStreamMuxer.bind(factory);
    factory.createStreamMuxer = (connection) => guard(createStreamMuxer(connection) as Sending);
    return factory;
  };
}

function guard(muxer: Sending): StreamMuxer {
  const send = muxer.send.bind(muxer);
  let updates: Uint8Array[] = [];
  const sendSafely = (data: Uint8Array | Uint8ArrayList): boolean => {
    try {
      return send(data);
    } catch (error) {
      if ((error as Error).name !== "StreamStateError") throw error;
      return false;
    }
  };
  const sendUpdates = (): void => {
    if (updates.length === 0) return;
    const waiting = new Uint8ArrayList(...updates);
    updates = [];
    sendSafely(waiting);
  };
  muxer.send = (data) => {
    if (isWindowUpdate(data)) {
      if (updates.push(data) === 1) setImmediate(sendUpdates);
      return true;
    }
    if (updates.length === 0) return sendSafely(data);
    const together = new Uint8ArrayList(...updates, data);
    updates = [];
    return sendSafely(together);
  };
  return muxer;
}

const headerBytes = 12;
const windowUpdate = 1;

/** Without flags: those that open, accept or end a stream do not wait. */
function isWindowUpdate(data: Uint8Array | Uint8ArrayList): data is Uint8Array {
  return (
    data instanceof Uint8Array &&
    data.length === headerBytes &&
    data[1] === windowUpdate &&
    data[2] === 0 &&
    data[3] === 0
  );
}
