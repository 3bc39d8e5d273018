/**
 * A store that can crash: real SQL on the real schema, in memory, without threads or a disk. Statements gather into groups
 * and a group is committed some turns later, as the writer thread does it; a crash loses what was not committed. The
 * group that was on its way at that moment has reached the disk or not, and nobody was told.
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Random } from "../../src/core/clock.ts";
import { migrate } from "../../src/storage/migrations.ts";
import type { SqlValue, Store } from "../../src/storage/store.ts";

interface Group {
  statements: [sql: string, params: SqlValue[]][];
  done: PromiseWithResolvers<void>;
}

export interface SimulatedDisk {
  readonly db: DatabaseSync;
  /** A new life over what is committed; the one before must have crashed. */
  open(): Store;
  /** Ends the life: nothing it still waits for comes. */
  crash(): void;
}

const newGroup = (): Group => ({ statements: [], done: Promise.withResolvers() });

export function simulatedDisk(random: Random): SimulatedDisk {
  const db = new DatabaseSync(":memory:");
  migrate(db);
  const prepared = new Map<string, StatementSync>();
  let crashLife: (() => void) | undefined;

  function prepare(sql: string): StatementSync {
    let statement = prepared.get(sql);
    if (statement === undefined) prepared.set(sql, (statement = db.prepare(sql)));
    return statement;
  }

  function apply(group: Group): void {
    db.exec("BEGIN");
    for (const [sql, params] of group.statements) prepare(sql).run(...params);
    db.exec("COMMIT");
  }

  function open(): Store {
    if (crashLife !== undefined) throw new Error("the former life has not crashed");
    let alive = true;
    let gathering = newGroup();
    let out: Group | undefined;

    crashLife = () => {
      alive = false;
      if (out !== undefined && random() < 0.5) apply(out);
    };

    function commitIn(turns: number): void {
      setImmediate(() => {
        if (!alive) return;
        if (turns > 0) return commitIn(turns - 1);
        const group = out as Group;
        apply(group);
        out = undefined;
        leave();
        group.done.resolve();
      });
    }

    function leave(): void {
      if (out !== undefined || gathering.statements.length === 0) return;
      out = gathering;
      gathering = newGroup();
      commitIn(Math.floor(random() * 4));
    }

    return {
      failed: undefined,
      write(sql, params) {
        if (!alive) return;
        gathering.statements.push([
          sql,
          params.map((value) => (value instanceof Uint8Array ? new Uint8Array(value) : value)),
        ]);
        if (gathering.statements.length === 1) setImmediate(() => alive && leave());
      },
      committed() {
        if (gathering.statements.length > 0) return gathering.done.promise;
        return out?.done.promise ?? Promise.resolve();
      },
      async read<T>(sql: string, params: readonly SqlValue[] = []) {
        await new Promise((resolve) => setImmediate(() => alive && resolve(undefined)));
        return prepare(sql).all(...params) as T[];
      },
      async close() {
        alive = false;
      },
    };
  }

  return {
    db,
    open,
    crash() {
      crashLife?.();
      crashLife = undefined;
    },
  };
}
