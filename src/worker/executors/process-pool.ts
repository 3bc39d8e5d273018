/**
 * The processes of one program, kept warm: started when there is work, given as many runs at once as they said they take,
 * ended after a while without work. A program that keeps ending is started again ever more rarely. It knows no inputs and
 * outputs: a run is a message, and a reply.
 */
import type { Clock } from "../../core/clock.ts";
import { ErrandError, toErrandError } from "../../core/errors.ts";
import { connectProcess, type ProcessConnection } from "../../skills/process-connection.ts";
import type { ProcessResult } from "../../skills/process-messages.ts";
import type { ProcessSource } from "../../skills/skill.ts";
import { watchMemory } from "./process-memory.ts";
import { closed, deliver, endRuns, lostWith, memoryError, skillsOf } from "./process-runs.ts";
import type { ActiveRun, RunEars } from "./process-runs.ts";

/** One warm process. */
export interface WarmProcess {
  readonly connection: ProcessConnection;
  /** Id to version of the skills that it said it has. */
  readonly skills: ReadonlyMap<string, string>;
  readonly active: ReadonlyMap<string, ActiveRun>;
  /** Registers a run, so that what the process says of it is heard. Rejects when the process ends or the run fails. */
  expect(id: string, ears: RunEars): Promise<ProcessResult>;
  /** Ends it; the run with `id` gets `reason`, the others are `Lost`, which sends them elsewhere at no cost. */
  condemn(id: string, reason: unknown): void;
}

export interface ProcessPool {
  /** A process with room for one more run, which `release` gives back. Throws `SkillFailed`, or the reason of `signal`. */
  acquire(signal: AbortSignal): Promise<{ process: WarmProcess; release(worked: boolean): void }>;
  /** Processes that are up. */
  readonly warm: number;
  close(): Promise<void>;
}

interface Member extends WarmProcess {
  readonly active: Map<string, ActiveRun>;
  /** Places taken, by runs that are registered already or about to be. */
  taken: number;
  cancelIdle: () => void;
}

interface Waiting {
  give: (member: Member) => void;
  fail: (error: unknown) => void;
}

const defaultIdleMs = 5 * 60_000;
const endGraceMs = 1_000;
const firstPauseMs = 250;
const longestPauseMs = 30_000;
/** Runs wait so long for a program that pauses after it failed; beyond it they fail, and go where it works. */
const worthWaitingMs = 1_000;

export function createProcessPool(options: {
  source: ProcessSource;
  /** Processes at most, unless the source says otherwise. */
  processes: number;
  clock: Clock;
}): ProcessPool {
  const { source, clock } = options;
  const most = source.processes ?? options.processes;
  const members = new Set<Member>();
  const starting = new Set<Promise<unknown>>();
  const waiting = new Set<Waiting>();
  const stop = new AbortController();
  /** Failures in a row, of starts and of processes that ended by themselves. */
  let failures = 0;
  let pausedUntil = 0;
  let lastFailure = "";
  let cancelPause: (() => void) | undefined;
  let concurrency = 1;

  /** Puts those who wait to processes with room, and starts more where that is not enough. */
  function pump(): void {
    for (const next of waiting) {
      const member = roomiest();
      if (member === undefined) break;
      waiting.delete(next);
      next.give(member);
    }
    if (waiting.size === 0) return;
    const pauseMs = pausedUntil - clock.monotonic();
    if (pauseMs > worthWaitingMs && members.size + starting.size === 0)
      return failAll(keepsEnding(pauseMs), waiting);
    if (pauseMs > 0) {
      cancelPause ??= clock.after(pauseMs, () => {
        cancelPause = undefined;
        pump();
      });
      return;
    }
    while (members.size + starting.size < most && waiting.size > starting.size * concurrency) begin();
  }

  /** The busiest with room: those without work may then end. */
  function roomiest(): Member | undefined {
    let best: Member | undefined;
    for (const member of members)
      if (member.taken < member.connection.hello.concurrency && member.taken >= (best?.taken ?? 0))
        best = member;
    return best;
  }

  function begin(): void {
    const start = beginOne().then((error) => {
      starting.delete(start);
      if (stop.signal.aborted) return true;
      // Nobody else is about to serve those who wait.
      if (error !== undefined && members.size + starting.size === 0) failAll(error, waiting);
      pump();
      return true;
    });
    starting.add(start);
  }

  async function beginOne(): Promise<unknown> {
    try {
      const member = await open();
      members.add(member);
      rest(member);
      return undefined;
    } catch (error) {
      failed(toErrandError(error, "SkillFailed").message);
      return error;
    }
  }

  async function open(): Promise<Member> {
    const active = new Map<string, ActiveRun>();
    const connection = await connectProcess(source, {
      clock,
      signal: stop.signal,
      onMessage: (message) => deliver(message, active),
      // Whose words they are is known when one run is there alone; of several they are the first's.
      onStderr: (line) => active.values().next().value?.ears.log(line),
    });
    const { hello } = connection;
    concurrency = hello.concurrency;
    let ending: string | undefined;
    const stopMemory =
      source.memoryBytes === undefined
        ? () => {}
        : watchMemory(connection.pid, source.memoryBytes, clock, (usedBytes) => {
            const tooMuch = memoryError(usedBytes, source.memoryBytes ?? 0);
            leave(member);
            // Which of several it was is not known: none of them is to be blamed for good.
            endRuns(active, active.size === 1 ? tooMuch : lostWith(tooMuch.message));
            connection.kill();
          });
    const member: Member = {
      connection,
      skills: skillsOf(hello),
      active,
      taken: 0,
      cancelIdle: () => {},
      expect(id, ears) {
        const reply = Promise.withResolvers<ProcessResult>();
        if (ending === undefined) active.set(id, { ears, reply });
        else reply.reject(lostWith(ending));
        return reply.promise.finally(() => active.delete(id));
      },
      condemn(id, reason) {
        leave(member);
        active.get(id)?.reply.reject(reason);
        active.delete(id);
        endRuns(active, lostWith("another run of its process ignored its cancel"));
        connection.kill();
      },
    };
    void follow(member, (how) => {
      ending = how;
      stopMemory();
    });
    return member;
  }

  /** Until the process is gone, whoever ended it. */
  async function follow(member: Member, atEnd: (how: string) => void): Promise<void> {
    const { connection, active } = member;
    const how = await connection.gone;
    atEnd(how);
    member.cancelIdle();
    const alone = active.size === 1;
    endRuns(
      active,
      alone ? new ErrandError("SkillFailed", `the skill's process ended: ${how}`) : lostWith(how),
    );
    if (stop.signal.aborted) return;
    // Who is not in the list any more was ended by us.
    if (members.delete(member)) failed(how);
    pump();
  }

  function leave(member: Member): void {
    members.delete(member);
    member.cancelIdle();
  }

  function failed(why: string): void {
    failures += 1;
    lastFailure = why;
    // One end may be an accident; from the second on each pause is twice the last.
    const pauseMs = failures < 2 ? 0 : Math.min(firstPauseMs * 2 ** (failures - 2), longestPauseMs);
    pausedUntil = clock.monotonic() + pauseMs;
  }

  function keepsEnding(pauseMs: number): ErrandError {
    const seconds = Math.ceil(pauseMs / 1_000);
    return new ErrandError(
      "SkillFailed",
      `the skill's process failed ${failures} times in a row and is started again in ${seconds} s: ${lastFailure}`,
      { retryAfterMs: Math.ceil(pauseMs) },
    );
  }

  /** A process without runs ends after a while. */
  function rest(member: Member): void {
    member.cancelIdle();
    if (member.taken > 0) return;
    member.cancelIdle = clock.after(source.idleMs ?? defaultIdleMs, () => {
      leave(member);
      void member.connection.end(endGraceMs);
    });
  }

  return {
    async acquire(signal) {
      signal.throwIfAborted();
      if (stop.signal.aborted) throw closed();
      const found = Promise.withResolvers<Member>();
      const place: Waiting = { give: take, fail: found.reject };
      const abort = (): void => {
        waiting.delete(place);
        found.reject(signal.reason);
      };
      function take(member: Member): void {
        member.taken += 1;
        member.cancelIdle();
        found.resolve(member);
      }
      signal.addEventListener("abort", abort, { once: true });
      waiting.add(place);
      pump();
      const member = await found.promise.finally(() => signal.removeEventListener("abort", abort));
      return {
        process: member,
        release(worked) {
          member.taken -= 1;
          if (worked) failures = 0;
          if (!members.has(member)) return;
          rest(member);
          pump();
        },
      };
    },
    get warm() {
      return members.size;
    },
    async close() {
      stop.abort(closed());
      cancelPause?.();
      failAll(closed(), waiting);
      const all = [...members];
      for (const member of all) {
        leave(member);
        if (member.active.size > 0) {
          endRuns(member.active, closed());
          member.connection.kill();
        }
      }
      await Promise.all([...starting, ...all.map(({ connection }) => connection.end(endGraceMs))]);
    },
  };
}

function failAll(error: unknown, waiting: Set<Waiting>): void {
  const all = [...waiting];
  waiting.clear();
  for (const one of all) one.fail(error);
}
