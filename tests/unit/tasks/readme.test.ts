import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isTerminal, mayMove, TASK_STATES } from "../../../src/tasks/states.ts";

const readme = readFileSync(new URL("../../../src/tasks/README.md", import.meta.url), "utf8");

/** The rows of the table behind `<!-- name -->`, each cell as the words it has in backquotes. */
function table(name: string): string[][][] {
  const text = readme.split(`<!-- ${name} -->\n\n`)[1]?.split("\n\n")[0] ?? "";
  const rows = text.split("\n").slice(2);
  return rows.map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, word = ""]) => word)),
  );
}

describe("the README's table of transitions", () => {
  const listed = table("transitions").flatMap(([from = [], to = []]) =>
    from.map((state) => [state, to] as const),
  );

  it("names every state once", () => {
    expect(listed.map(([state]) => state)).toEqual(expect.arrayContaining([...TASK_STATES]));
    expect(listed).toHaveLength(TASK_STATES.length);
  });

  it.each(listed)("%s moves where the code lets it", (from, to) => {
    const allowed = TASK_STATES.filter((state) => mayMove(from as (typeof TASK_STATES)[number], state));
    expect(new Set(to)).toEqual(new Set(allowed));
  });
});

it("says of every state that is not terminal what moves it on", () => {
  const states = table("wakers").map(([cell = []]) => cell[0]);
  expect(states).toEqual(TASK_STATES.filter((state) => !isTerminal(state)));
});
