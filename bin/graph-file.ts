/** A graph's file: YAML or JSON (which YAML contains), or standard input. What it means is the node's to judge. */
import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { parseDocument } from "yaml";
import { ErrandError } from "../src/core/errors.ts";
import { limits } from "../src/core/limits.ts";

/** Throws `InvalidInput` that shows the line. */
export async function readGraphFile(file: string): Promise<unknown> {
  const text = await textOf(file);
  if (text.length > 2 * limits.graphSpecBytes)
    throw new ErrandError("InvalidInput", `${file} is too large for a graph`, {
      hint: "Let a task bring forth large lists and inputs, and refer to its output.",
    });
  // Much faster than YAML for the large graphs that programs write.
  if (text.trimStart().startsWith("{")) {
    try {
      return JSON.parse(text);
    } catch {
      // YAML's flow style looks alike, and its errors say more.
    }
  }
  try {
    const document = parseDocument(text, { prettyErrors: true });
    if (document.errors[0] !== undefined) throw document.errors[0];
    // Aliases can blow up a small file into a huge one.
    return document.toJS({ maxAliasCount: 100 }) as unknown;
  } catch (cause) {
    throw new ErrandError(
      "InvalidInput",
      `${file} is neither YAML nor JSON: ${(cause as Error).message.trim()}`,
      {
        hint: "Correct the file at the line shown.",
        cause,
      },
    );
  }
}

async function textOf(file: string): Promise<string> {
  if (file === "-") return (await buffer(process.stdin)).toString("utf8");
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new ErrandError("InvalidInput", `cannot read the file ${file}`, {
      hint: "Give the path of a YAML or JSON file, or - for standard input.",
      cause,
    });
  }
}
