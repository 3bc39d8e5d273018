import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { resolveConfig, parseHostPort, type ConfigSources } from "../../../src/node/config.ts";
import { defaultDataDir } from "../../../src/node/data-folder.ts";
import type { ErrandError } from "../../../src/core/errors.ts";

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "errand-config-"));
});

afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

function resolveIn(sources: ConfigSources) {
  return resolveConfig({ cwd: dir, ...sources, env: { ERRAND_DATA: dir, ...sources.env } });
}

async function refusal(sources: ConfigSources): Promise<ErrandError> {
  const error = await resolveIn(sources).then(
    () => undefined,
    (e: ErrandError) => e,
  );
  expect(error?.code).toBe("InvalidConfig");
  return error as ErrandError;
}

describe("defaults", () => {
  test("stay on this machine", async () => {
    const config = await resolveIn({});
    expect(config).toMatchObject({
      dataDir: dir,
      preset: "local",
      network: "errand",
      listen: ["/ip4/127.0.0.1/tcp/4781", "/ip4/127.0.0.1/tcp/4782/ws"],
      mdns: false,
      api: { host: "127.0.0.1", port: 4780 },
      skills: [],
      bootstrap: [],
      builtinSkills: undefined,
      swarmKeyFile: undefined,
    });
    expect(config.workerSlots).toBeUndefined();
  });

  test.each([
    ["lan", "/ip4/0.0.0.0/tcp/4781", true],
    ["public", "/ip4/0.0.0.0/tcp/4781", false],
  ] as const)("preset %s", async (preset, first, mdns) => {
    const config = await resolveIn({ flags: { preset } });
    expect(config.listen[0]).toBe(first);
    expect(config.mdns).toBe(mdns);
  });

  test("the data folder follows the XDG specification, which ignores relative paths", () => {
    expect(defaultDataDir({ XDG_DATA_HOME: "/x" })).toBe("/x/errand");
    expect(defaultDataDir({ XDG_DATA_HOME: "x" })).toMatch(/\.local\/share\/errand$/);
    expect(defaultDataDir({ XDG_DATA_HOME: "/x", ERRAND_DATA: "/y" })).toBe("/y");
  });
});

describe("layers", () => {
  test("flags beat the environment, which beats the file, which beats the preset", async () => {
    await writeFile(join(dir, "errand.yaml"), "preset: lan\nname: file\nrole: storage\ntags: [a, b]\n");
    const config = await resolveIn({
      env: { ERRAND_NAME: "environment", ERRAND_TAGS: "x, y", ERRAND_API: "http://127.0.0.1:0" },
      flags: { name: "flag" },
    });
    expect(config).toMatchObject({
      preset: "lan",
      mdns: true,
      name: "flag",
      role: "storage",
      tags: ["x", "y"],
      api: { host: "127.0.0.1", port: 0 },
    });
  });

  test("--listen replaces the preset's list", async () => {
    const config = await resolveIn({ flags: { preset: "lan", listen: ["/ip4/127.0.0.1/tcp/0"] } });
    expect(config.listen).toEqual(["/ip4/127.0.0.1/tcp/0"]);
    expect(config.mdns).toBe(true);
  });

  test("paths are relative to the file that names them, and on the command line to the working folder", async () => {
    const file = join(dir, "etc.json");
    await writeFile(file, JSON.stringify({ skills: ["./a.ts"], swarmKeyFile: "swarm.key" }));
    const config = await resolveIn({ cwd: "/elsewhere", flags: { config: file } });
    expect(config.skills).toEqual([join(dir, "a.ts")]);
    expect(config.swarmKeyFile).toBe(join(dir, "swarm.key"));
    const flagged = await resolveIn({ cwd: "/elsewhere", flags: { skills: ["b.ts"] } });
    expect(flagged.skills).toEqual(["/elsewhere/b.ts"]);
  });

  test("who may call a skill and send code: nothing said is nobody's code, and the internet is the public preset's", async () => {
    expect(await resolveIn({})).toMatchObject({ access: {}, allowCode: "nobody", internet: false });
    expect((await resolveIn({ flags: { preset: "public" } })).internet).toBe(true);
    const peer = "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp";
    const text = `access: { "acme.*": { allow: pinned }, "*": { limits: { timeoutSeconds: 60 } } }\nallowCode: [${peer}]\ninternet: true\n`;
    await writeFile(join(dir, "errand.yaml"), text);
    expect(await resolveIn({})).toMatchObject({
      access: { "acme.*": { allow: "pinned" }, "*": { limits: { timeoutSeconds: 60 } } },
      allowCode: [peer],
      internet: true,
    });
    expect((await resolveIn({ flags: { allowCode: "everyone" } })).allowCode).toBe("everyone");
  });

  test("an empty file and an empty variable change nothing", async () => {
    await writeFile(join(dir, "errand.yaml"), "");
    expect((await resolveIn({ env: { ERRAND_NAME: "" } })).preset).toBe("local");
  });
});

describe("refusals name the source, the key and what to do", () => {
  test("an unknown key suggests the nearest", async () => {
    const file = join(dir, "errand.yaml");
    await writeFile(file, "bootstrp: []\n");
    const error = await refusal({});
    expect(error.message).toContain(file);
    expect(error.hint).toBe('Did you mean "bootstrap"?');
    expect(error.details).toEqual({ source: file, path: "bootstrp" });
  });

  test("an unknown key that is like none lists them all", async () => {
    await writeFile(join(dir, "errand.yaml"), "zzzzzzzzzzzz: 1\n");
    expect((await refusal({})).hint).toContain("listen, announce");
  });

  test.each([
    ["listen: [/ip4/127.0.0.1/tcp/0, nonsense]", "listen[1]"],
    ["pins: {12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp: 2}", "pins.12D3KooW"],
    ["pins: {somebody: 1}", "pins.somebody"],
    ["workerSlots: 0", "workerSlots"],
    ["access: { acme.x: { alow: everyone } }", "access.acme.x.alow is not a key"],
    ["access: { Acme: {} }", "access.Acme"],
    ["access: { acme.x: { allow: [somebody] } }", "access.acme.x.allow"],
    ["access: { acme.x: { limits: { memoryMb: 0 } } }", "access.acme.x.limits.memoryMb"],
    ["allowCode: strangers", "allowCode"],
    ["role: king", "role must be one of worker, compute, storage, mobile"],
    ["- a list", "must hold keys and values"],
  ])("%s", async (text, expected) => {
    await writeFile(join(dir, "errand.yaml"), text);
    expect((await refusal({})).message).toContain(expected);
  });

  test("broken YAML shows the line", async () => {
    await writeFile(join(dir, "errand.yaml"), 'name: "a\nrole: [\n');
    expect((await refusal({})).message).toMatch(/line \d/);
  });

  test("aliases cannot blow up", async () => {
    const bomb = ["a: &a [x,x,x,x,x,x,x,x,x]", "b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]"];
    for (const [name, of] of ["cb", "dc", "ed", "fe"].map((pair) => pair.split("") as [string, string])) {
      bomb.push(`${name}: &${name} [${Array(9).fill(`*${of}`).join(",")}]`);
    }
    await writeFile(join(dir, "errand.yaml"), bomb.join("\n"));
    await refusal({});
  });

  test("a missing -c file is an error, a missing default file is not", async () => {
    expect((await refusal({ flags: { config: "none.yaml" } })).message).toContain(join(dir, "none.yaml"));
  });

  test.each(["nonsense", "127.0.0.1", "127.0.0.1:70000", "http://a:b@c:1", "::1:80"])("API at %s", (text) => {
    expect(() => parseHostPort(text)).toThrow(expect.objectContaining({ code: "InvalidConfig" }));
  });

  test("IPv6 literals lose their brackets", () => {
    expect(parseHostPort("[::1]:0")).toEqual({ host: "::1", port: 0 });
  });
});
