/** The linter keeps the layers: the README's table is what it enforces, and imports against it are refused. */
import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  copyFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const config = join(root, ".oxlintrc.json");

interface Finding {
  code: string;
  message: string;
  filename: string;
}

const layerRules: ReadonlySet<string> = new Set(["eslint(no-restricted-imports)", "import(no-cycle)"]);

/** What the project's linter says of the layers in `folder`; a path for each finding, relative to it. */
function lint(folder: string, paths: string[]): Finding[] {
  const args = ["-c", join(folder, ".oxlintrc.json"), "--format", "json", ...paths];
  let text: string;
  try {
    text = execFileSync(join(root, "node_modules/.bin/oxlint"), args, {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      maxBuffer: 64 * 1024 * 1024,
    });
  } catch (error) {
    // A finding makes it exit with 1; what it found is on stdout all the same.
    text = (error as { stdout: string }).stdout;
  }
  const { diagnostics, number_of_files: files } = JSON.parse(text) as {
    diagnostics: Finding[];
    number_of_files: number;
  };
  expect(files).toBeGreaterThan(0);
  return diagnostics.filter(({ code }) => layerRules.has(code));
}

/** A folder of its own with the project's configuration and these files alone. */
function planted(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "errand-layers-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  copyFileSync(config, join(folder, ".oxlintrc.json"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

function refusalsOf(files: Record<string, string>): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  // By name: in ".", it would walk through all of node_modules.
  const paths = [...new Set(Object.keys(files).map((path) => path.split("/")[0] as string))];
  for (const { filename, code } of lint(planted(files), paths)) (found[filename] ??= []).push(code);
  return found;
}

const restricted = ["eslint(no-restricted-imports)"];

describe("the linter", () => {
  it("refuses an import upwards, and libp2p outside the network", () => {
    const found = refusalsOf({
      "src/core/planted.ts": `import { mayMove } from "../tasks/states.ts";\nexport const x = mayMove;\n`,
      "src/routing/planted.ts": `import { createLibp2p } from "libp2p";\nexport const x = createLibp2p;\n`,
      "src/tasks/planted.ts": `import { Frame } from "#protocols/task";\nexport const x = Frame;\n`,
      "bin/planted.ts": `import { createNode } from "../src/node/create.ts";\nexport const x = createNode;\n`,
      "src/network/innocent.ts": `import { createLibp2p } from "libp2p";\nexport const x = createLibp2p;\n`,
    });
    expect(found).toEqual({
      "src/core/planted.ts": restricted,
      "src/routing/planted.ts": restricted,
      "src/tasks/planted.ts": restricted,
      "bin/planted.ts": restricted,
    });
  });

  it("refuses a cycle", () => {
    const found = refusalsOf({
      "src/core/one.ts": `import { two } from "./two.ts";\nexport const one = (): unknown => two;\n`,
      "src/core/two.ts": `import { one } from "./one.ts";\nexport const two = (): unknown => one;\n`,
      "src/core/three.ts": `import { one } from "./one.ts";\nexport const three = one;\n`,
    });
    expect(found["src/core/one.ts"]).toEqual(["import(no-cycle)"]);
    expect(found["src/core/three.ts"]).toBeUndefined();
  });

  it("lets types of the network into routing and payments, and no more", () => {
    const type = `import type { Card } from "../network/card.ts";\nexport type X = Card;\n`;
    const value = `import { createHost } from "../network/host.ts";\nexport const x = createHost;\n`;
    const found = refusalsOf({
      "src/routing/type.ts": type,
      "src/routing/value.ts": value,
      "src/payments/type.ts": type,
      "src/payments/value.ts": value,
    });
    expect(found).toEqual({ "src/routing/value.ts": restricted, "src/payments/value.ts": restricted });
  });

  it("has nothing to say of the project itself", () => {
    expect(lint(root, ["src", "bin"]).map(({ filename, message }) => `${filename}: ${message}`)).toEqual([]);
  });
});

describe("the README's table of layers", () => {
  const readme = readFileSync(join(root, "src/README.md"), "utf8");
  const section = readme.split("## Layers")[1]?.split("\n## ")[0] ?? "";
  const rows = [...section.matchAll(/^\| `(\w+)` \|[^|]*\| ([^|]*) \|$/gm)].map(
    ([, folder = "", allowed = ""]) => ({
      folder,
      allowed: allowed === "nothing of ours" ? [] : allowed.replaceAll(" (types only)", "").split(", "),
    }),
  );
  const folders = rows.map(({ folder }) => folder);

  it("has a row for each folder that the linter knows", () => {
    const { overrides } = JSON.parse(readFileSync(config, "utf8")) as { overrides: { files: string[] }[] };
    const known = overrides.flatMap(({ files }) => files.map((glob) => /^(?:src\/)?(\w+)\//.exec(glob)?.[1]));
    expect(new Set(known.filter((name) => name !== "tests" && name !== "scripts"))).toEqual(new Set(folders));
  });

  it("says what the linter lets through, and only that", () => {
    const pairs = rows.flatMap(({ folder, allowed }) =>
      folders
        .filter((other) => other !== folder)
        .map((other) => ({ folder, other, ok: allowed.includes(other) })),
    );
    const home = (folder: string): string => (folder === "bin" ? "bin" : `src/${folder}`);
    const pathOf = ({ folder, other }: { folder: string; other: string }): string =>
      `${home(folder)}/from-${other}.ts`;
    // Types, which are all that some may take; what may take no types may take no values either.
    const sourceOf = ({ folder, other }: { folder: string; other: string }): string => {
      const up = folder === "bin" || other === "bin" ? (folder === "bin" ? ".." : "../..") : "..";
      const target = folder === "bin" || other === "bin" ? `${up}/${home(other)}` : `${up}/${other}`;
      const types = (folder === "routing" || folder === "payments") && other === "network";
      return `import ${types ? "type " : ""}{ x } from "${target}/absent.ts";\nexport ${types ? "type X = typeof x" : "const y = x"};\n`;
    };
    const found = refusalsOf(Object.fromEntries(pairs.map((pair) => [pathOf(pair), sourceOf(pair)])));
    const refused = pairs.filter((pair) => found[pathOf(pair)] !== undefined);
    expect(refused.map(pathOf)).toEqual(pairs.filter(({ ok }) => !ok).map(pathOf));
  });
});
