import { expect, it } from "vitest";
import { silentLog } from "../../../src/core/log.ts";
import type { Message } from "../../../src/network/messages.ts";
import { createLocalSession } from "../../../src/tasks/local-session.ts";

it("a handler that throws is logged, and the messages after it arrive", async () => {
  const errors: unknown[] = [];
  const log = Object.assign(Object.create(silentLog) as typeof silentLog, {
    error: (fields: unknown) => void errors.push(fields),
  });
  const got: Message[] = [];
  const { submitting } = createLocalSession(
    "self",
    "test",
    () => {},
    (message) => {
      if (message.kind === "probe" && message.nonce === 1) throw new Error("broken");
      got.push(message);
    },
    log,
  );
  submitting.send({ kind: "probe", nonce: 1 });
  submitting.send({ kind: "probe", nonce: 2 });
  await new Promise((resolve) => setImmediate(resolve));
  expect(got).toEqual([{ kind: "probe", nonce: 2 }]);
  expect(errors).toMatchObject([{ kind: "probe", err: { message: "broken" } }]);
});
