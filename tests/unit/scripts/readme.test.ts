/** Facts of the READMEs that drift: keys, exit codes, routes, links, and the examples it tells people to copy. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exitCodes } from "../../../bin/exit-codes.ts";
import { ErrandError } from "../../../src/core/errors.ts";
import { checkConfig } from "../../../src/node/config-file.ts";
import { resolveConfig } from "../../../src/node/config.ts";
import { loadSkills } from "../../../src/skills/load.ts";
import { builtinOffers } from "../../../src/skills/registry.ts";
import type { Skill } from "../../../src/skills/skill.ts";
import { planGraph } from "../../../src/tasks/graph/plan.ts";
import { checkGraph } from "../../../src/tasks/graph/spec.ts";
import { HOOK_NAMES, type Hooks } from "../../../src/tasks/hooks/hooks.ts";
import { WEBHOOK_EVENTS } from "../../../src/tasks/hooks/settings.ts";
import { blocks, codeCells, commandLine, page, pages, readme, root, section } from "./readme-text.ts";

const configuration = section("Configuration", page("src/node/README.md"));

it("lists the exit codes there are", () => {
  const codes = Array.from(section("Exit codes", commandLine).matchAll(/^\| (\d+) \|/gm), ([, code]) =>
    Number(code),
  );
  expect(codes).toEqual(Object.values(exitCodes));
});

describe("the configuration", () => {
  it("names keys that exist, with their defaults", async () => {
    const text = configuration;
    expect([...codeCells(text)].toSorted()).toEqual(knownKeys().toSorted());
    const defaults: Record<string, unknown> = { ...(await resolveConfig({ env: {}, cwd: root })) };
    const { host, port } = defaults["api"] as { host: string; port: number };
    defaults["api"] = `${host}:${port}`;
    const rows = Array.from(text.matchAll(/^\| `(\w+)` \| `([^`]+)` \|/gm));
    expect(rows.length).toBeGreaterThan(10);
    for (const [, key = "", shown] of rows) {
      const value = defaults[key];
      expect(typeof value === "string" ? value : JSON.stringify(value), key).toBe(shown);
    }
  });

  it.each([configuration, section("Configuration")])("shows a file that is valid", async (text) => {
    const { parse: parseYaml } = await import("yaml");
    const [file = ""] = blocks(text, "yaml");
    expect(checkConfig(parseYaml(file), "README.md")).toHaveProperty("preset");
  });

  it("names environment variables that count", async () => {
    const names = Array.from(configuration.matchAll(/`(ERRAND_[A-Z_]+)`/g), ([, name]) => name ?? "");
    expect(names.length).toBeGreaterThan(10);
    const others: Record<string, string> = {
      ERRAND_PRESET: "lan",
      ERRAND_NAME: "other",
      ERRAND_NETWORK: "other",
      ERRAND_API: "127.0.0.1:1",
      ERRAND_ROLE: "storage",
      ERRAND_LOG_LEVEL: "debug",
    };
    const usual = await resolveConfig({ env: {}, cwd: root });
    for (const name of names) {
      const value = others[name] ?? "/ip4/127.0.0.1/tcp/1";
      expect(await resolveConfig({ env: { [name]: value }, cwd: root }), name).not.toEqual(usual);
    }
  });
});

describe("graphs, hooks, webhooks and batches", () => {
  it("show a graph that can be run", async () => {
    const { parse: parseYaml } = await import("yaml");
    const [file = ""] = blocks(section("Many tasks"), "yaml");
    const plan = planGraph(checkGraph(parseYaml(file)).nodes);
    expect(plan.nodes.map(({ id }) => id)).toEqual(["list", "stats", "report"]);
  });

  it("show webhooks that are valid, and name every event", async () => {
    const { parse: parseYaml } = await import("yaml");
    const text = page("src/tasks/hooks/README.md");
    for (const shown of [text, section("Hooks and webhooks")])
      expect(checkConfig(parseYaml(blocks(shown, "yaml")[0] ?? ""), "README.md")).toHaveProperty("webhooks");
    for (const event of WEBHOOK_EVENTS) expect(text).toContain(`\`${event}\``);
  });

  it("show hooks that load and refuse, and name the others", async () => {
    const folder = await mkdtemp(join(tmpdir(), "errand-readme-"));
    const text = page("src/tasks/hooks/README.md");
    await writeFile(join(folder, "hooks.ts"), blocks(text, "ts")[0] ?? "");
    try {
      const { default: hooks } = (await import(join(folder, "hooks.ts"))) as { default: Hooks };
      expect(HOOK_NAMES).toEqual(expect.arrayContaining(Object.keys(hooks)));
      const submission = { skill: "echo", input: { type: "application/json", bytes: new Uint8Array(0) } };
      expect(hooks.beforeSubmit?.({ ...submission })).toMatchObject({ labels: { site: "berlin" } });
      expect(() => hooks.beforeSubmit?.({ ...submission, priority: 255 })).toThrow("operators");
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    for (const name of HOOK_NAMES) expect(text).toContain(name);
  });

  it("show a batch of which each line is JSON", () => {
    const [file = ""] = blocks(section("Many tasks", commandLine), "json");
    const lines = file.trim().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(["a", "b", "c"]);
  });
});

/** The hint for an unknown key names them all. */
function knownKeys(): string[] {
  try {
    checkConfig({ xyzzyxyzzyxyzzy: 1 }, "test");
  } catch (error) {
    const { hint = "" } = error as ErrandError;
    const [, list] = /^The keys are: (.*)\.$/.exec(hint) ?? [];
    if (list !== undefined) return list.split(", ");
  }
  throw new Error("the hint for an unknown key lists no keys any more");
}

describe("the skills in the READMEs", () => {
  let folder: string;
  const context = { signal: new AbortController().signal, progress: () => undefined } as never;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "errand-readme-"));
    const [short, whole] = [section("Write a skill"), page("src/skills/README.md")];
    await writeFile(join(folder, "longest.ts"), blocks(short, "ts")[0] ?? "");
    await writeFile(join(folder, "short.yaml"), blocks(short, "yaml")[0] ?? "");
    await writeFile(join(folder, "word-lengths.ts"), blocks(whole, "ts")[0] ?? "");
    await writeFile(join(folder, "reverse.yaml"), blocks(whole, "yaml")[0] ?? "");
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function run(file: string): Promise<unknown> {
    const { default: skill } = (await import(join(folder, file))) as { default: Skill<{ text: string }> };
    return skill.run({ text: "to be or not to be" }, context);
  }

  it("load, and the functions do what they say", async () => {
    const loaded = await loadSkills(["word-lengths.ts", "reverse.yaml", "longest.ts"], { cwd: folder });
    const ids = loaded.map(({ definition }) => definition.id);
    expect(ids).toEqual(["acme.word-lengths", "acme.reverse", "acme.longest"]);
    expect(await loadSkills(["short.yaml"], { cwd: folder })).toHaveLength(1);
    expect(await run("word-lengths.ts")).toEqual({ lengths: { 2: 5, 3: 1 } });
    expect(await run("longest.ts")).toEqual({ word: "not" });
  });

  it("names the built-in ones", () => {
    const [, listed = ""] = /^These skills come with a node: ([^]*?)\. /m.exec(section("Words")) ?? [];
    const ids = Array.from(listed.matchAll(/`([a-z.]+)`/g), ([, id]) => id);
    expect(ids).toEqual(builtinOffers().map(({ definition }) => definition.id));
  });
});

it("names npm scripts that exist", async () => {
  const { scripts } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const named = Array.from(
    (readme + page("src/README.md")).matchAll(/\bnpm (?:run ([a-z:]+)|(test|start))/g),
    ([, run, short]) => run ?? short ?? "",
  );
  expect(named.length).toBeGreaterThan(5);
  for (const name of named) expect(Object.keys(scripts)).toContain(name);
});

it("names routes of the API that exist", async () => {
  const folder = join(root, "src/api/routes");
  const sources = await Promise.all(
    (await readdir(folder)).map((file) => readFile(join(folder, file), "utf8")),
  );
  const paths = Array.from(sources.join("").matchAll(/"(\/v1\/[^"]+)"/g), ([, path]) =>
    path?.replaceAll(/:\w+/g, "X"),
  );
  const named = Array.from(
    page("src/api/README.md").matchAll(/(?:[A-Z]+ |4780)(\/v1\/[\w/.]+)/g),
    ([, path]) => path ?? "",
  );
  expect(named.length).toBeGreaterThan(10);
  for (const path of named.filter((each) => each !== "/v1/openapi.json"))
    expect(paths).toContain(path.replaceAll(/\b(?:ID|HASH)\b/g, "X"));
});

describe("links", () => {
  const files = [
    ...pages,
    "scripts/demo/documents/README.md",
    "src/README.md",
    "src/tasks/README.md",
    "src/worker/SKILL-PROCESS.md",
    "protocols/README.md",
    "CHANGELOG.md",
  ];

  it.each(files)("of %s lead to files and headings that exist", async (file) => {
    const text = await readFile(join(root, file), "utf8");
    for (const [, target = ""] of text.replaceAll(/^```[^]*?^```$/gm, "").matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [path = "", anchor] = target.split("#");
      const full = path === "" ? join(root, file) : join(root, dirname(file), path);
      await expect(stat(full), `${file}: ${target}`).resolves.toBeDefined();
      if (anchor !== undefined)
        expect(anchors(await readFile(full, "utf8")), `${file}: ${target}`).toContain(anchor);
    }
  });
});

/** As GitHub makes them from headings. */
function anchors(text: string): string[] {
  return Array.from(text.matchAll(/^#+ (.+)$/gm), ([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

it.each(["src/README.md", "src/tasks/README.md"])("%s names files that exist", async (readmeFile) => {
  const text = await readFile(join(root, readmeFile), "utf8");
  const files = await readdir(join(root, "src"), { recursive: true });
  const named = Array.from(
    text.matchAll(/(?<![\w/.-])((?:[a-z]+\/)*[a-z.-]+\.ts)\b/g),
    ([, file]) => file ?? "",
  );
  expect(named.length).toBeGreaterThan(30);
  for (const file of named) {
    // Where something new would go.
    if (basename(file) === "x.ts") continue;
    if (/^(?:bin|tests)\//.test(file)) await stat(join(root, file));
    else
      expect(
        files.filter((one) => `/${one}`.endsWith(`/${file}`)),
        file,
      ).not.toEqual([]);
  }
});
