/**
 * When a schedule is due: by a cron expression in a time zone, or every so many milliseconds. Pure: the same expression
 * gives the same instants at any time.
 *
 * Daylight saving is croner's: a fixed time of day that a change of the clocks leaves out runs at the first time after it,
 * and one that occurs twice runs once; patterns of intervals (`*`, steps, lists) follow elapsed time.
 */
import { Cron } from "croner";
import { ErrandError } from "../../core/errors.ts";

/** One of the two: `cron` is "" with an interval, `intervalMs` 0 with an expression. */
export interface Timing {
  /** 5 fields, 6 with seconds first, 7 with years last, or a name such as @daily. */
  cron: string;
  /** IANA name. */
  timezone: string;
  intervalMs: number;
}

/** Instants are ms since the epoch. */
export interface Calendar {
  /** The first due time after `at`, or null when there is none. */
  after(at: number): number | null;
  /** The last due time before `at`, or null. */
  before(at: number): number | null;
  /** The newest `most` due times of `fromAt` to `toAt`, both included, oldest first. */
  newest(fromAt: number, toAt: number, most: number): number[];
}

const secondMs = 1_000;

/** `anchorAt`: a due time of an interval, from which the others are counted. Throws `InvalidInput`. */
export function calendarOf(timing: Timing, anchorAt: number): Calendar {
  return timing.cron === "" ? everyInterval(timing.intervalMs, anchorAt) : byExpression(timing);
}

function everyInterval(intervalMs: number, anchorAt: number): Calendar {
  const upTo = (at: number): number => anchorAt + Math.floor((at - anchorAt) / intervalMs) * intervalMs;
  return {
    after: (at) => upTo(at) + intervalMs,
    before: (at) => upTo(at - 1),
    newest(fromAt, toAt, most) {
      const found: number[] = [];
      for (let at = upTo(toAt); at >= fromAt && found.length < most; at -= intervalMs) found.push(at);
      return found.toReversed();
    },
  };
}

function byExpression({ cron, timezone }: Timing): Calendar {
  const expression = compile(cron, timezone);
  const previous = (most: number, before: number): number[] =>
    expression.previousRuns(most, new Date(before)).map((date) => date.getTime());
  return {
    after: (at) => expression.nextRun(new Date(at))?.getTime() ?? null,
    before: (at) => previous(1, at)[0] ?? null,
    newest(fromAt, toAt, most) {
      // Due times are whole seconds: the one of this very second counts.
      const end = (Math.floor(toAt / secondMs) + 1) * secondMs;
      return previous(most, end)
        .filter((at) => at >= fromAt)
        .toReversed();
    },
  };
}

// Compiling costs as much as ten questions, and each schedule asks at every run.
const compiled = new Map<string, Cron>();
const compiledKept = 1_024;

function compile(cron: string, timezone: string): Cron {
  const key = `${timezone} ${cron}`;
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const expression = parse(cron, timezone);
  if (compiled.size >= compiledKept) compiled.clear();
  compiled.set(key, expression);
  return expression;
}

const hint =
  'An expression has 5 fields (minute hour day month weekday), such as "30 9 * * MON-FRI", 6 with seconds in front, or is a name such as @daily.';

function parse(cron: string, timezone: string): Cron {
  // The library also takes a date for an expression; a single run is no schedule.
  if (!/^(?:@[a-z]+|\S+(?:\s+\S+){4,6})$/i.test(cron.trim()) || cron.length > 256)
    throw new ErrandError("InvalidInput", `"${cron.slice(0, 64)}" is not a cron expression`, { hint });
  try {
    Intl.DateTimeFormat("en", { timeZone: timezone });
  } catch {
    throw new ErrandError("InvalidInput", `"${timezone.slice(0, 64)}" is not a time zone`, {
      hint: "Use an IANA name, such as Europe/Berlin or UTC.",
    });
  }
  try {
    return new Cron(cron.trim(), { timezone, paused: true });
  } catch (cause) {
    const why = (cause as Error).message.replace(/^CronPattern: /, "");
    throw new ErrandError("InvalidInput", `"${cron.slice(0, 64)}" is not a cron expression: ${why}`, {
      hint,
      cause,
    });
  }
}
