/**
 * yamux, made safe against a connection that ends at the wrong moment. A new stream's first frame leaves in a microtask of the
 * library's own; when the remote has closed by then, the write throws where nobody can catch it, and any peer could take the
 * node down by leaving. A write to a connection that is over is lost in any case: the `close` event, which is about to come, tells
 * every stream.
 */
import { yamux } from "@chainsafe/libp2p-yamux";
import type { StreamMuxer, StreamMuxerFactory } from "@libp2p/interface";
import { limits } from "../core/limits.ts";

/** What all muxers of libp2p have, and their interface does not name. */
type Sending = StreamMuxer & { send(data: unknown): boolean };

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
  muxer.send = (data) => {
    try {
      return send(data);
    } catch (error) {
      if ((error as Error).name !== "StreamStateError") throw error;
      return false;
    }
  };
  return muxer;
}
