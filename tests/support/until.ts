/** Waiting for something that can be seen: asked again and again, and never for longer than a bound. */
import { setTimeout as delay } from "node:timers/promises";

const pauseMs = 40;

/**
 * The first value of `look` that is neither false nor undefined. What `look` throws counts as not yet, and is told when the time
 * is over.
 */
export async function until<T>(
  what: string,
  look: () => Promise<T | false | undefined> | T | false | undefined,
  withinMs = 15_000,
): Promise<T> {
  const end = performance.now() + withinMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await look();
      if (value !== false && value !== undefined) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) {
      throw new Error(`not within ${withinMs} ms: ${what} (last: ${String(last)})`, { cause: last });
    }
    await delay(pauseMs);
  }
}
