import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createWaitingQueue } from "../../../src/worker/queue.ts";

test("gives by priority, and in order of arrival within one, whatever leaves in between", () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant("add" as const), priority: fc.nat(4) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("take" as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("remove" as const), pick: fc.nat() }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const queue = createWaitingQueue<{ priority: number; seq: number }>();
      let model: { priority: number; seq: number }[] = [];
      for (const [seq, s] of steps.entries()) {
        if (s.do === "add") {
          const item = { priority: s.priority, seq };
          model = [...model, item].toSorted((a, b) => b.priority - a.priority || a.seq - b.seq);
          expect(queue.add(item, s.priority)).toBe(model.indexOf(item) + 1);
        } else if (s.do === "take") {
          expect(queue.take()).toBe(model.shift());
        } else if (model.length > 0) {
          const [item] = model.splice(s.pick % model.length, 1);
          if (item === undefined) continue;
          expect(queue.remove(item)).toBe(true);
          expect(queue.remove(item)).toBe(false);
          expect(queue.position((other) => other === item)).toBe(0);
        }
        expect(queue.size).toBe(model.length);
      }
      expect(queue.clear()).toEqual(model);
      expect(queue.size).toBe(0);
    }),
  );
});
