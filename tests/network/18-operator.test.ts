/** What an operator meets who does something wrong: each time one clear error with a code, a way out, and the right exit code. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { CliDone } from "../support/mesh.ts";
import { runCli, startCli } from "../support/run-cli.ts";
import { until } from "../support/until.ts";
import { useMesh } from "../support/use-mesh.ts";

const t = useMesh(async (mesh) => {
  const node = await mesh.start("node");
  const none = join(mesh.folder, "none");
  return { node, none };
});

const fresh = (name: string): string => join(t.mesh.folder, `fresh-${name}`);

/** The one error that a command ended with, on both outputs. */
function errorOf({ code, json, stderr }: CliDone): { exit: number | null; code: string; message: string } {
  const { error } = json as { error: { code: string; message: string; hint: string } };
  expect(error.hint).toMatch(/\w/);
  expect(stderr).toContain(`error: ${error.message} [${error.code}]\nhint: ${error.hint}`);
  return { exit: code, code: error.code, message: error.message };
}

describe("asking the node", () => {
  test.each([
    [["task", "get", "nope"], 2, "InvalidInput", '"nope" is no valid id'],
    [["task", "get", "0123"], 1, "NotFound", "0123"],
    [["task", "cancel", "0123"], 1, "NotFound", "0123"],
    [["graph", "show", "x"], 2, "InvalidInput", '"x" is no valid id'],
    [["schedule", "get", "none"], 1, "NotFound", "none"],
    [["skill", "get", "none"], 1, "NotFound", "none"],
    [["peer", "get", "abcdef"], 1, "NotFound", "abcdef"],
    [["peer", "connect", "127.0.0.1:4781"], 2, "InvalidInput", "neither a multiaddr nor a PeerId"],
    [["peer", "connect", "/ip4/127.0.0.1/tcp/1"], 1, "PeerUnreachable", "connection refused"],
    [["peer", "connect", "/ip4/127.0.0.1/tcp/1/ws"], 1, "PeerUnreachable", "connection refused"],
    [["run", "acme.none", "@node.pid/none"], 2, "InvalidInput", "cannot read the file"],
    [["run", "sleep", "@api.token"], 2, "InvalidInput", "api.token is not JSON"],
    [["status", "--api", "127.0.0.1:1"], 3, "NodeUnreachable", "no node answers"],
    [["status", "--api", "http://x/y"], 2, "InvalidInput", "not the address of an API"],
    [["down", "now"], 2, "InvalidInput", "too many arguments"],
    [["id", "--short"], 2, "InvalidInput", "unknown option"],
  ])("%j", async (args, exit, code, message) => {
    const failed = errorOf(await t.node.cli(...args, "-o", "json").done);
    expect(failed).toEqual({ exit, code, message: expect.stringContaining(message) });
  });

  test("with a wrong token, and with that of no folder", async () => {
    const { url } = t.node.process.client;
    const args = ["status", "--api", url, "-o", "json", "--data", t.none];
    for (const env of [{ ERRAND_TOKEN: "wrong" }, {}]) {
      const { code, stdout } = await runCli(args, { env });
      expect([code, JSON.parse(stdout)]).toMatchObject([4, { error: { code: "Unauthorized" } }]);
    }
  });
});

describe("starting a node", () => {
  const free = ["--api", "127.0.0.1:0", "--listen", "/ip4/127.0.0.1/tcp/0"];

  test("on what is taken, and on what cannot be", async () => {
    const tcp = t.node.address.replace(/\/p2p\/.*$/, "");
    const api = t.node.process.ready.api.replace("http://", "");
    const file = join(t.mesh.folder, "file");
    const broken = join(t.mesh.folder, "broken.yaml");
    await writeFile(file, "");
    await writeFile(broken, "listen: [\n");
    const cases: [string[], number, string, string][] = [
      [["--data", t.node.dataDir], 1, "Conflict", `in use by process ${t.node.process.pid}`],
      [
        ["--data", fresh("1"), "--api", api, "--listen", "/ip4/127.0.0.1/tcp/0"],
        1,
        "Conflict",
        "the API's port",
      ],
      [["--data", fresh("2"), "--api", "127.0.0.1:0", "--listen", tcp], 1, "Conflict", "the port is in use"],
      [
        ["--data", fresh("3"), "--api", "127.0.0.1:0", "--listen", "here"],
        2,
        "InvalidConfig",
        "a multiaddr such as",
      ],
      [["--data", fresh("4"), ...free, "--network", "My Net"], 2, "InvalidConfig", "lower-case letters"],
      [["--data", fresh("5"), "-c", broken], 2, "InvalidConfig", "neither YAML nor JSON"],
      [
        ["--data", fresh("6"), "-c", join(t.none, "x.yaml")],
        2,
        "InvalidConfig",
        "cannot read the configuration",
      ],
      [["--data", file, ...free], 2, "InvalidConfig", "cannot make the data folder"],
      [["--data", join(file, "below"), ...free], 2, "InvalidConfig", "cannot make the data folder"],
    ];
    // There every name is said not to exist, also when it is to be made.
    if (process.platform === "linux")
      cases.push([["--data", "/proc/errand", ...free], 2, "InvalidConfig", "cannot make the data folder"]);
    const outcomes = await Promise.all(
      cases.map(async ([args]) => {
        const { code, stdout, stderr } = await runCli(["up", "-o", "json", ...args]);
        return errorOf({ code, stdout, stderr, json: JSON.parse(stdout) });
      }),
    );
    expect(outcomes).toEqual(
      cases.map(([, exit, code, message]) => ({ exit, code, message: expect.stringContaining(message) })),
    );
  });
});

describe("joining it", () => {
  test("the command that a node prints for others has all that they need, and works", async () => {
    const key = join(t.mesh.folder, "swarm.key");
    await writeFile(key, `/key/swarm/psk/1.0.0/\n/base16/\n${"5e".repeat(32)}\n`);
    const listen = ["--listen", "/ip4/127.0.0.1/tcp/0", "--api", "127.0.0.1:0"];
    const first = startCli([
      "up",
      "--data",
      fresh("first"),
      ...listen,
      "--network",
      "home",
      "--swarm-key",
      key,
    ]);
    try {
      const printed = /^ {2}errand (up .*--bootstrap .*)$/m.exec(
        await first.stdoutHas("Ctrl-C stops it"),
      )?.[1];
      const args = (printed ?? "").replace("/tmp/errand-2", fresh("second")).split(" ");
      const second = startCli(args);
      try {
        await second.stdoutHas("Ctrl-C stops it");
        await until("they are connected", async () => {
          const { stdout } = await runCli(["status", "--data", fresh("first"), "-o", "json"]);
          return (JSON.parse(stdout) as { peers: { connected: number } }).peers.connected === 1;
        });
      } finally {
        second.child.kill("SIGKILL");
      }
    } finally {
      first.child.kill("SIGKILL");
    }
  });
});

describe("after a crash", () => {
  test("what it left behind is known to be of nobody, also when its process id is another's by now", async () => {
    const dataDir = join(t.mesh.folder, "crashed");
    await mkdir(dataDir);
    const left = { url: "http://127.0.0.1:1", peerId: t.node.peerId, pid: process.pid };
    await writeFile(join(dataDir, "api.json"), JSON.stringify(left));
    await writeFile(join(dataDir, "node.lock"), "");
    await writeFile(join(dataDir, "node.pid"), `${process.pid}\n`);
    for (const command of ["status", "down"]) {
      const { code, stdout } = await runCli([command, "--data", dataDir, "-o", "json"]);
      expect([code, JSON.parse(stdout)]).toMatchObject([3, { error: { code: "NodeUnreachable" } }]);
    }
    const { stdout } = await runCli(["doctor", "--data", dataDir, "-o", "json"]);
    const { checks } = JSON.parse(stdout) as { checks: { check: string; message: string }[] };
    const said = Object.fromEntries(checks.map(({ check, message }) => [check, message]));
    expect(said["node"]).toContain("not running");
    expect(said["ports"]).not.toContain("running node");
    const started = await t.mesh.start("crashed", { bootstrap: [] });
    expect((await started.cli("down").done).code).toBe(0);
    expect(await started.process.exited).toBe(0);
  });
});

describe("stopping it", () => {
  test("it says so, waits for the end, and there is nothing to stop then", async () => {
    const node = await t.mesh.start("short-lived", { bootstrap: [] });
    const { pid } = node.process;
    expect((await node.cli("id").done).stdout).toBe(`${node.peerId}\n`);
    const down = await node.cli("down", "-o", "json").done;
    expect([down.code, down.json]).toEqual([0, { stopped: true, pid }]);
    expect(node.process.running).toBe(false);
    expect((await node.cli("down").done).code).toBe(3);
    const id = await node.cli("id", "-o", "json").done;
    expect(id.json).toEqual({ peerId: node.peerId, running: false, addresses: [] });
  });
});
