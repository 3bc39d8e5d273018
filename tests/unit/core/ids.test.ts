import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parse, stringify, validate } from "uuid";
import { isTaskId, newTaskId, taskIdFromBytes, taskIdToBytes } from "../../../src/core/ids.ts";

test("new ids are UUIDs of version 7 that only grow, many in one millisecond", () => {
  const ids = Array.from({ length: 5_000 }, newTaskId);
  expect(ids.every((id) => validate(id) && id[14] === "7")).toBe(true);
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
  const tails = new Set(ids.map((id) => id.slice(-8)));
  expect(tails.size).toBe(ids.length);
});

test("text and bytes turn into each other as the uuid package does it", () => {
  const anyVersion = fc.uuid();
  fc.assert(
    fc.property(anyVersion, (id) => {
      expect([...taskIdToBytes(id)]).toEqual([...parse(id)]);
      expect(taskIdFromBytes(parse(id))).toBe(stringify(parse(id)));
      expect(taskIdFromBytes(taskIdToBytes(id.toUpperCase()))).toBe(id);
    }),
  );
});

test("what the uuid package does not take as an id is none here", () => {
  const almost = fc
    .tuple(fc.uuid(), fc.nat(35), fc.string({ minLength: 1, maxLength: 1, unit: "grapheme" }))
    .map(([id, at, other]) => id.slice(0, at) + other + id.slice(at + 1));
  fc.assert(
    fc.property(almost, (text) => {
      expect(isTaskId(text)).toBe(validate(text));
    }),
  );
  expect(isTaskId("00000000-0000-0000-0000-000000000000")).toBe(true);
  expect(() => taskIdToBytes("no")).toThrow("not a task id");
  const bytes = fc.uint8Array({ minLength: 16, maxLength: 16 });
  fc.assert(
    fc.property(bytes, (raw) => {
      let text: string | undefined;
      try {
        text = taskIdFromBytes(raw);
      } catch {
        text = undefined;
      }
      const hex = Buffer.from(raw).toString("hex");
      const written = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
      expect(text).toBe(validate(written) ? written : undefined);
    }),
  );
  expect(() => taskIdFromBytes(new Uint8Array(15))).toThrow("16 bytes");
});
