/** `errand trust` as real processes, and its pictures. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { drawnEdges, trustDot, trustLines, trustSvg } from "../../../bin/trust-picture.ts";
import type { TrustExport, TrustGraph, TrustOverview, TrustPeerView } from "../../../src/node/node.ts";
import { startFakeApi, type FakeApi } from "../../support/fake-api.ts";
import { fakePeer, otherPeer } from "../../support/fake-views.ts";
import { runCli, type CliResult } from "../../support/run-cli.ts";

let api: FakeApi;

beforeAll(async () => {
  api = await startFakeApi();
});

afterAll(() => api.close());

beforeEach(() => {
  api.node.decisions.length = 0;
});

const errand = (args: string[], stdin = ""): Promise<CliResult> =>
  runCli(["trust", ...args], { env: { ERRAND_DATA: api.dataDir }, stdin });
const short = otherPeer.slice(-8);

describe("show and explain", () => {
  test("a table of all, one peer, and the same as JSON", async () => {
    const { code, stdout } = await errand(["show"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^PEER .*CREDIBLE/);
    expect(stdout).toMatch(new RegExp(`${otherPeer} +lab +0\\.90 +0\\.80 +12 +0\\.0`));
    expect(stdout).toContain("blocked, two-faced, being checked");
    expect(stdout).toContain(`This node says of …${short} at echo: 12 good, 0 bad`);
    expect((await errand(["show", short])).stdout).toMatch(/trust +0\.90 \(at least 0\.80\)/);
    const all = JSON.parse((await errand(["show", "-o", "json"])).stdout) as TrustOverview;
    const one = JSON.parse((await errand(["show", short, "-o", "json"])).stdout) as TrustPeerView;
    expect(all.peers).toContainEqual(one);
  });

  test("why one is trusted as it is", async () => {
    const { code, stdout } = await errand(["explain", short, "--skill", "echo"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^lab \(12D3KooW\w+\) is trusted 0\.90 at echo, at least 0\.80\.\n/);
    expect(stdout).toMatch(/what others say +6\.0 +1\.0 +3 who are heard speak of it/);
    expect(stdout).toMatch(/together +9\.0 +1\.0/);
    const json = JSON.parse((await errand(["explain", short, "-o", "json"])).stdout) as { skill: unknown };
    expect(json.skill).toBeNull();
    expect((await errand(["explain", "nobody-here"])).code).toBe(1);
  });
});

test("the operator's word is the same as with errand peer", async () => {
  expect((await errand(["pin", short, "0.9"])).stdout).toBe(`${otherPeer} is pinned at 0.9.\n`);
  expect((await errand(["unpin", short])).stdout).toBe(`${otherPeer} is no longer pinned.\n`);
  expect((await errand(["block", short])).stdout).toBe(`${otherPeer} is blocked.\n`);
  expect((await errand(["unblock", short])).stdout).toBe(`${otherPeer} is no longer blocked.\n`);
  expect(api.node.decisions).toEqual(["pin 0.9", "pin null", "block", "unblock"]);
  expect((await errand(["pin", short, "2"])).code).toBe(2);
});

test("export to a file and to standard output, import from both", async () => {
  const file = join(api.dataDir, "trust.json");
  expect(await errand(["export", file])).toMatchObject({ code: 0, stdout: "" });
  const written = JSON.parse(await readFile(file, "utf8")) as TrustExport;
  const { stdout } = await errand(["export"]);
  expect(JSON.parse(stdout)).toEqual(written);
  expect((await errand(["import", file])).stdout).toMatch(
    /^1 pins, 1 blocks, 0 rows of evidence\.\nAttestations: 1 new/,
  );
  expect((await errand(["import", "-", "--evidence"], stdout)).code).toBe(0);
  expect(api.node.decisions).toEqual(["import 1 pins", "import 1 pins with evidence"]);
  await writeFile(file, "no JSON");
  expect(await errand(["import", file])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("cannot be read"),
  });
});

test("revoke: named peers, all, and back", async () => {
  expect((await errand(["revoke", short])).stdout).toContain("nothing is said of 1 peers");
  expect((await errand(["revoke", "--all"])).stdout).toContain("nothing is said of anybody");
  const { stdout } = await errand(["revoke", "--all", "--undo", "-o", "json"]);
  expect((JSON.parse(stdout) as TrustOverview).withheld).toEqual([otherPeer]);
  for (const args of [[], [short, "--all"]]) {
    const { code, stderr } = await errand(["revoke", ...args]);
    expect([code, stderr.includes("Name peers, or use --all.")]).toEqual([2, true]);
  }
});

describe("graph", () => {
  test("as text, JSON, DOT and SVG; no other command draws", async () => {
    expect((await errand(["graph"])).stdout).toContain(`→ …${short} lab: 12 good, 0 bad at echo`);
    const { nodes } = JSON.parse(
      (await errand(["graph", "--nodes", "2", "-o", "json"])).stdout,
    ) as TrustGraph;
    expect(nodes.length).toBe(2);
    expect((await errand(["graph", "-o", "dot"])).stdout).toMatch(/^digraph trust \{\n[^]*\n\}\n$/);
    expect((await errand(["graph", "-o", "svg"])).stdout).toMatch(/^<svg [^]*<\/svg>\n$/);
    expect((await errand(["show", "-o", "dot"])).code).toBe(2);
  });

  const graph = (name?: string): TrustGraph => {
    const drawn = api.node.trust.graph();
    if (name !== undefined) for (const node of drawn.nodes) node.name = name;
    return drawn;
  };

  test("all skills between two peers are one edge", () => {
    expect(drawnEdges(graph()).map(({ pos, neg, skills }) => ({ pos, neg, skills }))).toEqual([
      { pos: 12, neg: 0, skills: ["echo"] },
      { pos: 1, neg: 2, skills: ["echo", "sleep"] },
    ]);
  });

  test("as DOT every statement is whole, whatever strangers call themselves", () => {
    for (const name of ['"', "\\", '\\"', "a\nb", "]; evil [", "</svg>"]) {
      const string = '"(?:[^"\\\\\\n]|\\\\.)*"';
      const attributes = `\\[(?:\\w+=(?:${string}|[\\w.]+)(?:, )?)+\\]`;
      const statement = new RegExp(
        `^  (?:rankdir=LR|node ${attributes}|p\\d+(?: -> p\\d+)? ${attributes});$`,
      );
      const lines = trustDot(graph(name)).split("\n");
      expect([lines[0], lines.at(-1)]).toEqual(["digraph trust {", "}"]);
      for (const line of lines.slice(1, -1)) expect(line).toMatch(statement);
    }
  });

  test("as SVG nothing of a name is markup", () => {
    const svg = trustSvg(graph('<script>"&'));
    expect(svg).not.toContain("<script");
    expect(svg).toContain("&lt;script&gt;&quot;&amp;");
    expect(svg.match(/<line /g)?.length).toBe(2);
  });

  test("more verdicts make a thicker line", () => {
    const widths = Array.from(trustDot(graph()).matchAll(/-> p\d+ \[penwidth=([\d.]+)/g), ([, width]) =>
      Number(width),
    );
    expect(widths[0]).toBeGreaterThan(widths[1] as number);
  });

  test("as text it says who was left out", () => {
    const lines = trustLines(api.node.trust.graph(1));
    expect(lines[0]).toContain(`…${fakePeer.slice(-8)} (this node)`);
    expect(lines.at(-1)).toBe("… and 2 more");
  });
});
