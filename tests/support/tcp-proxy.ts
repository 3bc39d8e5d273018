/**
 * A way between two nodes that a test can break as networks break: bytes wait in either direction without anybody being told,
 * and flow again when it heals. Nodes that announce only their proxy can be reached in no other way.
 */
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createConnection, createServer, type AddressInfo, type Socket } from "node:net";

export interface TcpProxy {
  /** Multiaddr to announce. */
  readonly address: string;
  /** Where it leads; connections made before wait. */
  leadTo(port: number): void;
  /** `towards`: to the node behind it; `back`: from there. What is stalled waits, connections stay open. */
  stall(directions: { towards?: boolean; back?: boolean }): void;
  heal(): void;
  close(): void;
}

interface Pair {
  from: Socket;
  to: Socket;
}

export async function tcpProxy(): Promise<TcpProxy> {
  const target = Promise.withResolvers<number>();
  const pairs = new Set<Pair>();
  const sockets = new Set<Socket>();
  let stalled = { towards: false, back: false };

  function apply({ from, to }: Pair): void {
    // A paused socket is not read: its sender fills the buffers in between and waits.
    if (stalled.towards) from.pause();
    else from.resume();
    if (stalled.back) to.pause();
    else to.resume();
  }

  function forward(from: Socket, to: Socket): void {
    from.on("data", (chunk) => {
      if (!to.write(chunk)) from.pause();
    });
    to.on("drain", () => apply(pairOf.get(from) as Pair));
    // An end has to wait with the bytes before it: a paused socket does not emit it.
    from.on("end", () => to.end());
    from.on("error", () => to.destroy());
    from.on("close", () => {
      sockets.delete(from);
      pairs.delete(pairOf.get(from) as Pair);
    });
  }

  const pairOf = new WeakMap<Socket, Pair>();

  async function connect(from: Socket): Promise<void> {
    sockets.add(from);
    from.on("error", () => from.destroy());
    const port = await target.promise;
    if (from.destroyed) return;
    const to = createConnection({ port, host: "127.0.0.1", allowHalfOpen: true });
    sockets.add(to);
    const pair = { from, to };
    pairs.add(pair);
    pairOf.set(from, pair);
    pairOf.set(to, pair);
    forward(from, to);
    forward(to, from);
    apply(pair);
  }

  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (from) => void connect(from));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  const change = (to: typeof stalled): void => {
    stalled = to;
    for (const pair of pairs) apply(pair);
  };

  return {
    address: `/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}`,
    leadTo: (port) => target.resolve(port),
    stall: ({ towards = false, back = false }) => change({ towards, back }),
    heal: () => change({ towards: false, back: false }),
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** The TCP ports that a process listens on. Linux only, as these tests are. */
export function listeningPorts(pid: number): number[] {
  const inodes = new Set<string>();
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const socket = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
      if (socket !== undefined) inodes.add(socket);
    } catch {
      // Closed in between.
    }
  }
  const ports: number[] = [];
  for (const line of readFileSync(`/proc/${pid}/net/tcp`, "utf8").split("\n").slice(1)) {
    const [, local = "", , state, , , , , , inode = ""] = line.trim().split(/\s+/);
    if (state === "0A" && inodes.has(inode)) ports.push(Number.parseInt(local.split(":")[1] ?? "", 16));
  }
  return ports;
}
