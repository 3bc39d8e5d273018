import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drawGraph, type DrawnNode } from "../../../bin/graph-picture.ts";

const node = (id: string, ...needs: string[]): DrawnNode => ({ id, needs, label: id });

describe("the picture of a graph", () => {
  it("draws chains, diamonds and nodes alone", () => {
    expect(drawGraph([node("a"), node("b", "a"), node("c", "a"), node("d", "b", "c"), node("e")])).toEqual([
      "● a",
      "├─╮",
      "● │ b",
      "│ ● c",
      "├─╯",
      "● d",
      "● e",
    ]);
  });

  it("draws edges that pass others", () => {
    expect(
      drawGraph([node("a"), node("b"), node("c", "a", "b"), node("d", "a"), node("e", "c", "d", "b")]),
    ).toEqual(["● a", "├─╮", "│ │ ● b", "│ │ ├─╮", "├─┼─╯ │", "● │   │ c", "│ ●   │ d", "├─┴───╯", "● e"]);
  });

  it("has a line for each node in their order, and gives up on what nobody can read", () => {
    const graphs = fc
      .array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 1, maxLength: 9 })
      .map((rows) =>
        rows.map((needs, i) => node(`n${i}`, ...new Set(i === 0 ? [] : needs.map((n) => `n${n % i}`)))),
      );
    fc.assert(
      fc.property(graphs, (nodes) => {
        const lines = drawGraph(nodes) ?? [];
        const shown = lines.filter((line) => line.includes("●")).map((line) => line.split(" ").at(-1));
        expect(shown).toEqual(nodes.map(({ id }) => id));
      }),
    );
    const wide = Array.from({ length: 40 }, (_, i) => node(`n${i}`));
    expect(drawGraph([...wide, node("end", ...wide.map(({ id }) => id))])).toBeUndefined();
  });
});
