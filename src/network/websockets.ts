/**
 * The WebSocket transport, whose failed dials say why. Node's WebSocket tells nothing but that it failed, and whether a worker
 * is gone or only out of reach is read from the reason (`isGone` of libp2p-errors.ts): so the port is tried once more by itself.
 */
import { connect } from "node:net";
import type { Transport } from "@libp2p/interface";
import { webSockets, type WebSocketsComponents } from "@libp2p/websockets";
import type { Multiaddr } from "@multiformats/multiaddr";

export function createWebSockets(): (components: WebSocketsComponents) => Transport {
  return (components) => {
    const transport = webSockets()(components);
    const dial = transport.dial.bind(transport);
    transport.dial = async (address, options) => {
      try {
        return await dial(address, options);
      } catch (error) {
        if (error instanceof Error) throw error;
        throw await reasonOf(address, options.signal);
      }
    };
    return transport;
  };
}

async function reasonOf(address: Multiaddr, signal: AbortSignal): Promise<Error> {
  const [at, tcp] = address.getComponents();
  const [host, port] = [at?.value ?? "", Number(tcp?.value)];
  const socket = connect({ host, port, signal });
  try {
    return await new Promise<Error>((resolve) => {
      socket.once("connect", () =>
        resolve(new Error(`what listens at ${host}:${port} closed the connection`)),
      );
      socket.once("error", (error) =>
        resolve(new Error(`${host}:${port}: ${error.message}`, { cause: error })),
      );
    });
  } finally {
    socket.destroy();
  }
}
