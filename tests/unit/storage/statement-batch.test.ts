import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createBatcher, eachStatement, transferList } from "../../../src/storage/statement-batch.ts";
import type { SqlValue } from "../../../src/storage/store.ts";

/** What the writer thread gets of one message. */
function unpack(batcher: ReturnType<typeof createBatcher>, texts: string[]): [string, SqlValue[]][] {
  const message = batcher.take();
  const received = structuredClone(message, { transfer: transferList(message) });
  texts.push(...received.texts);
  const statements: [string, SqlValue[]][] = [];
  eachStatement(received, (text, params) => statements.push([texts[text] as string, params]));
  return statements;
}

const value = fc.oneof(
  fc.constant(null),
  fc.string(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.bigInt(),
  fc.uint8Array({ maxLength: 64 }),
  fc.integer({ min: 8 * 1024 - 1, max: 8 * 1024 + 1 }).map((length) => new Uint8Array(length).fill(7)),
);
const statement = fc.tuple(fc.constantFrom("a", "b", "c"), fc.array(value, { maxLength: 6 }));

test("statements arrive as they were written, whatever their values and over several groups", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(statement, { minLength: 1, maxLength: 20 }), { maxLength: 4 }),
      (groups) => {
        const batcher = createBatcher();
        const texts: string[] = [];
        for (const group of groups) {
          for (const [sql, params] of group) batcher.add(sql, params);
          expect(batcher.statements).toBe(group.length);
          expect(unpack(batcher, texts)).toEqual(group);
        }
        expect(new Set(texts).size).toBe(texts.length);
      },
    ),
  );
});

test("a caller may reuse its buffer at once, and keeps it", () => {
  const batcher = createBatcher();
  const small = Buffer.from("small");
  const large = new Uint8Array(100_000).fill(1);
  batcher.add("x", [small, large]);
  small.fill(0);
  large.fill(0);
  const [[, params]] = unpack(batcher, []) as [[string, SqlValue[]]];
  expect(Buffer.from(params[0] as Uint8Array).toString()).toBe("small");
  expect((params[1] as Uint8Array).every((byte) => byte === 1)).toBe(true);
  expect(large.length).toBe(100_000);
});

test("a pooled Buffer does not drag its pool along", () => {
  const batcher = createBatcher();
  batcher.add("x", [Buffer.from("twelve bytes")]);
  expect(batcher.take().arena?.buffer.byteLength).toBeLessThan(Buffer.poolSize);
});

test.each([
  undefined,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  true,
  () => 1,
  { a: 1 },
])("%s is refused and leaves the group as it was", (bad) => {
  const batcher = createBatcher();
  batcher.add("x", [1]);
  expect(() => batcher.add("y", ["fine", bad as SqlValue])).toThrow(/no value for SQL/);
  batcher.add("x", [2]);
  expect(unpack(batcher, [])).toEqual([
    ["x", [1]],
    ["x", [2]],
  ]);
});
