/** The command line without a node: usage, help, version, start-up, and the launcher. */
import { execFile } from "node:child_process";
import { chmod, cp, mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { privateKeyToProtobuf } from "@libp2p/crypto/keys";
import type { ErrorJson } from "../../../src/core/errors.ts";
import { temporaryIdentity } from "../../../src/network/identity.ts";
import { version } from "../../../src/core/version.ts";
import { runCli } from "../../support/run-cli.ts";

const execute = promisify(execFile);
const root = fileURLToPath(new URL("../../..", import.meta.url));
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "errand-cli-"));
});

afterEach(() => rm(dir, { recursive: true, force: true }));

describe("usage", () => {
  test.each([
    [["rnu", "echo"], "unknown command 'rnu'", "Did you mean run?"],
    [["task", "lst"], "unknown command 'lst'", "Did you mean list?"],
    [["run", "echo", "--prioritty", "1"], "unknown option '--prioritty'", "Did you mean --priority?"],
    [["run"], "missing required argument 'skill'", "errand help"],
    [["run", "echo", "1", "2"], "too many arguments", "errand help"],
    [["run", "echo", "--retries", "many"], "whole number", "errand help"],
    [["run", "echo", "--task-timeout", "0"], "seconds", "errand help"],
    [["up", "--preset", "moon"], "Allowed choices are local, lan, public", "errand help"],
    [["status", "-o", "xml"], "Allowed choices are text, json", "errand help"],
    [["completion", "powershell"], "Allowed choices are bash, zsh, fish", "errand help"],
  ])("%j", async (args, message, hint) => {
    const { code, stdout, stderr } = await runCli(args, { env: { ERRAND_DATA: dir } });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^error: .* \[InvalidInput\]\nhint: /);
    expect(stderr).toContain(hint);
  });

  test("with -o json it is one document too", async () => {
    const { code, stdout } = await runCli(["-o", "json", "tsak", "list"]);
    expect(code).toBe(2);
    expect((JSON.parse(stdout) as { error: ErrorJson }).error).toMatchObject({
      code: "InvalidInput",
      hint: "Did you mean task?",
    });
  });

  test("a bad configuration says where, with exit code 2", async () => {
    const file = join(dir, "c.yaml");
    await writeFile(file, "lissten: []\n");
    const { code, stdout } = await runCli(["up", "-c", file, "--data", dir, "-o", "json"]);
    expect(code).toBe(2);
    expect((JSON.parse(stdout) as { error: ErrorJson }).error).toMatchObject({
      code: "InvalidConfig",
      hint: 'Did you mean "listen"?',
      details: { source: file, path: "lissten" },
    });
  });

  test("the API does not listen beyond this machine", async () => {
    const { code, stderr } = await runCli(["up", "--data", dir, "--api", "0.0.0.0:0"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("0.0.0.0")]);
  });

  test("help names every command and gives examples; so does every command's", async () => {
    const help = await runCli(["--help"]);
    expect(help.code).toBe(0);
    expect(help.stdout).toContain("Examples:");
    expect(help.stdout).toContain("Exit codes:");
    for (const args of [
      ["up", "--help"],
      ["help", "run"],
      ["submit", "-h"],
      ["completion", "-h"],
    ]) {
      expect((await runCli(args)).stdout).toContain("Examples:");
    }
    expect((await runCli([])).code).toBe(2);
    expect((await runCli(["task"])).code).toBe(2);
  });

  test("version", async () => {
    expect(await runCli(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });
});

describe("start-up", () => {
  test.each([["--version"], ["task", "list"], ["run", "echo"], ["completion", "bash"], ["doctor"], ["id"]])(
    "errand %s %s loads neither libp2p nor the server",
    async (...args) => {
      const hook = `import { registerHooks } from "node:module";
        registerHooks({ load(url, context, next) {
          if (/libp2p|fastify|chainsafe|src\\/(network|tasks|worker|storage)\\//.test(url)) process._rawDebug("LOADED " + url);
          return next(url, context);
        } });`;
      const env = {
        ERRAND_DATA: dir,
        NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(hook)}`,
      };
      const { stderr } = await runCli(args.filter(Boolean), { env });
      const loaded = stderr.split("\n").filter((line) => line.startsWith("LOADED"));
      // The doctor reads the configuration, which the daemon's file hands on; never the network.
      expect(
        loaded.filter((line) => args[0] !== "doctor" || /libp2p|chainsafe|src\/network/.test(line)),
      ).toEqual([]);
    },
  );
});

describe("doctor and id without a node", () => {
  test("an empty folder is no illness", async () => {
    const { code, stdout } = await runCli(["doctor", "--data", join(dir, "new"), "-o", "json"], {
      env: { ERRAND_API: "127.0.0.1:0", ERRAND_LISTEN: "/ip4/127.0.0.1/tcp/0" },
    });
    const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: { check: string; ok: boolean }[] };
    expect(checks.filter((check) => !check.ok)).toEqual([]);
    expect([code, ok]).toEqual([0, true]);
  });

  test("what is wrong is named, with what to do, and exit code 1", async () => {
    await chmod(dir, 0o777);
    await writeFile(join(dir, "identity.key"), "not a key");
    await writeFile(join(dir, "errand.db"), "not a database at all".repeat(100));
    await writeFile(join(dir, "errand.yaml"), "bootstrap: [/ip4/127.0.0.1/tcp/1/p2p/x]\nskills: [none.ts]\n");
    const { code, stdout } = await runCli(["doctor", "--data", dir, "-o", "json"], {
      env: { ERRAND_API: "127.0.0.1:0", ERRAND_LISTEN: "/ip4/127.0.0.1/tcp/0" },
    });
    const { checks } = JSON.parse(stdout) as { checks: { check: string; ok: boolean; hint: string }[] };
    const ill = checks.filter(({ ok }) => !ok);
    expect(code).toBe(1);
    expect(ill.map(({ check }) => check)).toEqual([
      "data folder",
      "identity",
      "database",
      "configuration",
      "bootstrap peers",
    ]);
    for (const { hint } of ill) expect(hint).not.toBe("");
  });

  test("id reads the key file that the node wrote", async () => {
    const { peer, privateKey } = await temporaryIdentity();
    await writeFile(join(dir, "identity.key"), privateKeyToProtobuf(privateKey), { mode: 0o600 });
    expect((await runCli(["id", "--data", dir])).stdout).toBe(`${peer}\n`);
    const none = await runCli(["id", "--data", join(dir, "none")]);
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining("[NotFound]")]);
  });
});

describe("the launcher", () => {
  test.each(["14.21.3", "20.20.2", "24.11.9"])(
    "on Node %s says in one line what is needed, and exits 1",
    async (old) => {
      const fake = `Object.defineProperty(process.versions, "node", { value: ${JSON.stringify(old)} });`;
      const env = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(fake)}` };
      expect(await runCli(["--version"], { env })).toEqual({
        code: 1,
        stdout: "",
        stderr: `errand needs Node.js 24.12 or newer; this is ${old}.\n`,
      });
    },
  );

  test("runs the compiled program when there is no source beside it", async () => {
    await mkdir(join(dir, "dist/bin"), { recursive: true });
    await mkdir(join(dir, "bin"));
    await cp(join(root, "bin/errand.js"), join(dir, "bin/errand.js"));
    await writeFile(join(dir, "package.json"), '{"type":"module"}');
    await writeFile(join(dir, "dist/bin/errand.js"), 'console.log("compiled", process.argv[2]);');
    const { stdout } = await execute(process.execPath, [join(dir, "bin/errand.js"), "x"]);
    expect(stdout).toBe("compiled x\n");
  });
});
