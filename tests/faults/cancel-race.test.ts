/** A cancel and the completion of the same task meet at every step of the way. Pass: exactly one terminal record each. */
import { expect, test } from "vitest";
import { jsonBody } from "../../src/core/body.ts";
import { taskIdFromBytes } from "../../src/core/ids.ts";
import { crashableMesh } from "../support/memory-mesh.ts";
import { below, forEachSeed, randomOf, seedsFor } from "../support/seeds.ts";
import { simulatedDisk } from "../support/simulated-store.ts";

const perSeed = 100;

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

const seeds = seedsFor(100, 40);

test(`${seeds.length * perSeed} cancels that race completion: one terminal record each`, async () => {
  const seen: Record<string, number> = {};
  await forEachSeed(seeds, async (seed) => {
    const random = randomOf(seed);
    const disk = simulatedDisk(random);
    const mesh = crashableMesh({ workers: 2, seed, store: disk.open() });
    const { home } = mesh;

    async function race(n: number): Promise<[id: string, status: string]> {
      const { id } = await home.submit({ skill: "echo", input: jsonBody({ n }) });
      const cancelling = turns(below(random, 12)).then(() =>
        // The loser of the race hears that there is nothing to cancel.
        home.cancel(id, "enough").catch((error: { code: string }) => expect(error.code).toBe("Conflict")),
      );
      await turns(below(random, 12));
      for (const { jobs } of mesh.workers) {
        for (const job of jobs) if (job.job.id.startsWith(id) && !job.ended) job.complete({ n });
      }
      await cancelling;
      return [id, (await home.wait(id)).status];
    }

    const outcomes = await Promise.all(Array.from({ length: perSeed }, (_, n) => race(n)));
    await turns(20);
    const records = disk.db
      .prepare(
        "SELECT task_id, to_state FROM task_history WHERE to_state IN ('completed', 'failed', 'cancelled', 'timeout')",
      )
      .all()
      .map((row) => `${taskIdFromBytes(row["task_id"] as Uint8Array)} ${String(row["to_state"])}`);
    expect(new Set(records)).toEqual(new Set(outcomes.map((one) => one.join(" "))));
    expect(records).toHaveLength(perSeed);
    for (const [, status] of outcomes) seen[status] = (seen[status] ?? 0) + 1;
    disk.db.close();
  });
  expect(Object.keys(seen).toSorted()).toEqual(["cancelled", "completed"]);
}, 600_000);
