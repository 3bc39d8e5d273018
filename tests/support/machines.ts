/**
 * Machines of their own, as far as the network goes: Linux network namespaces, joined by virtual cables that a test can cut. They
 * have no names on this machine, and are gone with the last process in them; nothing of its own network is touched.
 */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createConnection, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ensureProgram } from "./apt.ts";

const run = promisify(execFile);
const gateScript = fileURLToPath(new URL("namespace-gate.ts", import.meta.url));

/** Where a node may run. */
export interface Machine {
  /** A process in it. */
  readonly pid: number;
  /** The command line that runs `argv` there. */
  inside(argv: readonly string[]): string[];
  /** A local port that leads to `port` of 127.0.0.1 there. */
  forward(port: number): Promise<number>;
}

export interface Cable {
  /** IPv4 addresses of the two ends. */
  readonly ends: readonly [string, string];
  /** The second end loses its link: nothing passes, and nobody is told. */
  cut(): Promise<void>;
  plug(): Promise<void>;
}

export interface Machines {
  machine(name: string): Promise<Machine>;
  cable(from: Machine, to: Machine): Promise<Cable>;
  close(): Promise<void>;
}

/** Why there can be no namespaces here, or undefined. Says so on standard error too: the reporter keeps reasons to itself. */
export async function missingNamespaces(): Promise<string | undefined> {
  const missing = await lookForNamespaces();
  if (missing !== undefined) process.stderr.write(`left out: ${missing}\n`);
  return missing;
}

async function lookForNamespaces(): Promise<string | undefined> {
  if (process.platform !== "linux") return `network namespaces are Linux's, and this is ${process.platform}`;
  if (process.getuid?.() !== 0) return "only root may make network namespaces";
  const missing = (await ensureProgram("unshare", "util-linux")) ?? (await ensureProgram("ip", "iproute2"));
  if (missing !== undefined) return missing;
  const trial = "ip link add near type veth peer name far && ip link set lo up";
  return run("unshare", ["--net", "sh", "-c", trial]).then(
    () => undefined,
    (error: Error) => `network namespaces are not permitted: ${error.message.trim().split("\n").at(-1)}`,
  );
}

/** `folder`: for sockets. */
export function createMachines(folder: string): Machines {
  const gates: ChildProcess[] = [];
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  let cables = 0;

  async function machine(name: string): Promise<Machine> {
    const path = join(folder, `${name}.gate`);
    const gate = spawn("unshare", ["--net", process.execPath, gateScript, path], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    gates.push(gate);
    await Promise.race([once(gate.stdout, "data"), once(gate, "exit").then(() => failed(name))]);
    const pid = gate.pid as number;
    // What runs there ends with the test, also with one that is killed: the namespace must not stay.
    const enter = ["nsenter", "--target", `${pid}`, "--net", "setpriv", "--pdeathsig", "KILL"];
    const inside = (argv: readonly string[]): string[] => [...enter, ...argv];
    await execute(inside(["ip", "link", "set", "lo", "up"]));
    return {
      pid,
      inside,
      async forward(port) {
        const server = createServer((from) => {
          const to = createConnection(path);
          for (const socket of [from, to]) {
            sockets.add(socket);
            socket.on("error", () => socket.destroy());
            socket.on("close", () => sockets.delete(socket));
          }
          from.on("close", () => to.destroy());
          to.on("close", () => from.destroy());
          to.write(Buffer.of(port >> 8, port & 0xff));
          from.pipe(to).pipe(from);
        });
        servers.push(server);
        server.listen(0, "127.0.0.1");
        await once(server, "listening");
        return (server.address() as AddressInfo).port;
      },
    };
  }

  return {
    machine,
    async cable(from, to) {
      const n = ++cables;
      const names = [`cable${n}a`, `cable${n}b`] as const;
      const ends = [`10.77.${n}.1`, `10.77.${n}.2`] as const;
      const peer = ["peer", "name", names[1], "netns", `${to.pid}`];
      await execute(from.inside(["ip", "link", "add", names[0], "type", "veth", ...peer]));
      const up = async (end: 0 | 1): Promise<void> => {
        const at = [from, to][end] as Machine;
        await execute(at.inside(["ip", "link", "set", names[end], "up"]));
        // As a router would be there: multicast takes the default route.
        await execute(at.inside(["ip", "route", "replace", "default", "dev", names[end]]));
      };
      for (const end of [0, 1] as const) {
        const at = [from, to][end] as Machine;
        await execute(at.inside(["ip", "address", "add", `${ends[end]}/24`, "dev", names[end]]));
        await up(end);
      }
      return {
        ends,
        cut: () => execute(to.inside(["ip", "link", "set", names[1], "down"])),
        plug: () => up(1),
      };
    },
    async close() {
      for (const server of servers) server.close();
      for (const socket of sockets) socket.destroy();
      await Promise.all(
        gates.map(async (gate) => {
          const gone = gate.exitCode === null && gate.signalCode === null ? once(gate, "exit") : undefined;
          gate.kill("SIGKILL");
          await gone;
        }),
      );
    },
  };
}

async function execute([program = "", ...args]: readonly string[]): Promise<void> {
  await run(program, args);
}

function failed(name: string): never {
  throw new Error(`the namespace of ${name} could not be made`);
}
