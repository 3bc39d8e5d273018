import { expect, test } from "vitest";
import { jsonBody } from "../../../src/core/body.ts";
import { systemClock } from "../../../src/core/clock.ts";
import { newTaskId } from "../../../src/core/ids.ts";
import { createLog } from "../../../src/core/log.ts";
import type { Store } from "../../../src/storage/store.ts";
import { createChanges } from "../../../src/tasks/changes.ts";
import { newRecord } from "../../../src/tasks/record.ts";
import { fillSpec } from "../../../src/tasks/submission.ts";
import { createTaskTable } from "../../../src/tasks/table.ts";

test("a task that has ended is found in memory until its end is on disk, however many end together", async () => {
  const commit = Promise.withResolvers<void>();
  const store: Store = {
    write() {},
    committed: () => commit.promise,
    read: () => Promise.resolve([]),
    failed: undefined,
    close: () => Promise.resolve(),
  };
  const table = createTaskTable({
    store,
    changes: createChanges(),
    clock: systemClock,
    self: "self",
    log: createLog("silent"),
  });
  const input = jsonBody(1);
  const spec = fillSpec({ skill: "echo", input });
  const records = Array.from({ length: 3_000 }, () => newRecord(newTaskId(), spec, input, 0));
  for (const record of records) {
    table.add(record);
    table.move(record, "cancelled", "");
  }
  const saved = table.committed();
  expect(table.live.size).toBe(0);
  expect(records.every((record) => table.get(record.id) === record)).toBe(true);
  commit.resolve();
  await saved;
  await new Promise((resolve) => setImmediate(resolve));
  // From now on the store has them: only the newest stay.
  const kept = records.filter((record) => table.get(record.id) === record);
  expect(kept).toEqual(records.slice(-kept.length));
  expect(kept.length).toBeLessThan(records.length);
});
