import { expect, test } from "vitest";
import { createDenials } from "../../../src/tasks/denials.ts";

const peers = (...names: string[]) => names.map((peer) => ({ peer }));

test("who said no is left out for a while, as long as somebody else is there", () => {
  let now = 0;
  const denials = createDenials(() => now);
  expect(denials.among("x", peers("a", "b"))).toBeUndefined();
  denials.deny("x", "a");
  expect(denials.among("x", peers("a", "b"))).toEqual(new Set(["a"]));
  expect(denials.among("x", peers("a"))).toBeUndefined();
  expect(denials.among("x", peers("b"))).toBeUndefined();
  expect(denials.among("y", peers("a", "b"))).toBeUndefined();
  now = 5 * 60_000;
  expect(denials.among("x", peers("a", "b"))).toBeUndefined();
});

test("what is remembered is bounded", () => {
  const denials = createDenials(() => 0);
  for (let i = 0; i < 3_000; i++) denials.deny("x", `peer${i}`);
  expect(denials.among("x", peers("peer2999", "other"))?.size).toBeLessThanOrEqual(1_024);
});
