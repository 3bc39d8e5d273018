/** A store that keeps nothing but the texts of its statements: for tests of what is written when, and of a disk that fails. */
import type { Store } from "../../src/storage/store.ts";

/** A store that remembers its statements and commits when asked, or at once. */
export function memoryStore(): Store & {
  statements: string[];
  fail(error: Error): void;
  hold(): () => void;
} {
  const statements: string[] = [];
  let failed: Error | undefined;
  let held: { promise: Promise<void>; resolve: () => void } | undefined;
  return {
    statements,
    get failed() {
      return failed;
    },
    write: (sql) => void statements.push(sql),
    async committed() {
      await held?.promise;
      if (failed !== undefined) throw failed;
    },
    read: async () => [],
    close: async () => {},
    fail: (error) => (failed = error),
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = { promise, resolve };
      return () => {
        held = undefined;
        resolve();
      };
    },
  };
}
