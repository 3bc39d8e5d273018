/**
 * Asking others for a check: each question is a task of this home like any other, and a child of the task that is checked. So it is
 * durable, finds its worker by the same routing, and looks to that worker like every other task. After a restart the questions
 * that were under way are taken up, not asked again.
 */
import type { Body } from "../../core/body.ts";
import type { Clock } from "../../core/clock.ts";
import { ErrandError, toErrandError } from "../../core/errors.ts";
import type { PeerIdText, TaskId } from "../../core/ids.ts";
import { childTaskIds } from "../../storage/verification.ts";
import type { Store } from "../../storage/store.ts";
import { loadRecord } from "../persist.ts";
import type { TaskRecord } from "../record.ts";
import { isTerminal } from "../states.ts";
import type { TaskTable } from "../table.ts";
import type { CheckRole, Submission, TaskSpec, TaskView } from "../task.ts";
import { answeredBy, type Answered } from "./held.ts";

export interface AskingOptions {
  store: Store;
  table: TaskTable;
  clock: Clock;
  submit(submission: Submission): Promise<TaskView>;
  cancel(id: TaskId, reason: string): Promise<unknown>;
}

/** The answer, or why there is none. */
export type Reply = { answer: Answered; error?: undefined } | { answer?: undefined; error: ErrandError };

export interface Question {
  role: CheckRole;
  /** Only this peer; anybody who was not asked yet when absent. */
  peer?: PeerIdText;
  skill: string;
  skillVersion: string;
  input: Body;
}

/** What is asked about one task. */
export interface Inquiry {
  /** Peers that have, or had, a question or the task itself. */
  readonly asked: ReadonlySet<PeerIdText>;
  ask(question: Question): Promise<Reply>;
  /** Ends what is still open. */
  close(): void;
}

export interface Asking {
  /** `resumed`: a former life may have asked already. */
  open(record: TaskRecord, answered: PeerIdText, resumed: boolean): Inquiry;
  /** Who must not get this question; undefined for a task that is none. */
  excluded(record: TaskRecord): ReadonlySet<PeerIdText> | undefined;
  /** A question that belongs to no task; see canaries.ts. */
  askAlone(submission: Submission): Promise<Reply>;
}

interface Open {
  asked: Set<PeerIdText>;
  /** Ended, and nobody has taken it yet. */
  ended: Map<TaskId, Reply>;
  waiting: Map<TaskId, (reply: Reply) => void>;
}

/** Beyond the attempt's own time: to find somebody, and to be heard. */
const spareMs = 30_000;

export function createAsking(options: AskingOptions): Asking {
  const { store, table, clock } = options;
  const open = new Map<TaskId, Open>();
  const alone: Open = { asked: new Set(), ended: new Map(), waiting: new Map() };
  let aloneAsked = 0;

  table.onMove((record) => {
    const { check, parentId } = record.spec;
    if (check === undefined || !isTerminal(record.state)) return;
    const inquiry = parentId === undefined ? (aloneAsked > 0 ? alone : undefined) : open.get(parentId);
    if (inquiry === undefined) return;
    if (record.peer !== "") inquiry.asked.add(record.peer);
    // Now, while the record has its signature: once its end is on disk, that is dropped.
    const reply = replyOf(record);
    const taken = inquiry.waiting.get(record.id);
    if (taken === undefined) inquiry.ended.set(record.id, reply);
    else {
      inquiry.waiting.delete(record.id);
      taken(reply);
    }
  });

  function endOf(inquiry: Open, id: TaskId): Promise<Reply> {
    const ended = inquiry.ended.get(id);
    inquiry.ended.delete(id);
    if (ended !== undefined) return Promise.resolve(ended);
    return new Promise((resolve) => inquiry.waiting.set(id, resolve));
  }

  async function leftovers(record: TaskRecord): Promise<TaskRecord[]> {
    const found: TaskRecord[] = [];
    for (const id of await childTaskIds(store, record.id)) {
      const child = table.get(id) ?? (await loadRecord(store, id));
      if (child?.spec.check !== undefined) found.push(child);
    }
    return found;
  }

  return {
    open(record, answered, resumed) {
      const inquiry: Open = { asked: new Set([answered]), ended: new Map(), waiting: new Map() };
      open.set(record.id, inquiry);
      const mine = new Set<TaskId>();
      let closed = false;
      const former = resumed ? leftovers(record) : undefined;

      /** A question that the former life asked, if there is one like this. */
      async function adopt(question: Question): Promise<TaskRecord | undefined> {
        const children = (await former) ?? [];
        const at = children.findIndex(
          ({ spec }) =>
            spec.check === question.role &&
            spec.skill === question.skill &&
            (question.peer === undefined || spec.peer === question.peer),
        );
        return at < 0 ? undefined : children.splice(at, 1)[0];
      }

      async function ask(question: Question): Promise<Reply> {
        if (closed) return { error: notNeeded() };
        try {
          const earlier = await adopt(question);
          if (earlier !== undefined && isTerminal(earlier.state)) return replyOf(earlier);
          const id = earlier?.id ?? (await options.submit(childOf(record, question, clock.now()))).id;
          mine.add(id);
          const reply = await endOf(inquiry, id);
          mine.delete(id);
          return reply;
        } catch (error) {
          return { error: toErrandError(error) };
        }
      }

      return {
        asked: inquiry.asked,
        ask,
        close() {
          if (closed) return;
          closed = true;
          open.delete(record.id);
          for (const id of mine)
            options.cancel(id, "its answer is not needed any more").catch(() => undefined);
          for (const taken of inquiry.waiting.values()) taken({ error: notNeeded() });
        },
      };
    },
    excluded(record) {
      const { check, parentId } = record.spec;
      if (check === undefined || parentId === undefined) return undefined;
      const all = new Set(record.tried);
      for (const peer of open.get(parentId)?.asked ?? []) all.add(peer);
      for (const { id, spec, peer } of table.childrenOf(parentId))
        if (spec.check !== undefined && id !== record.id && peer !== "") all.add(peer);
      return all;
    },
    async askAlone(submission) {
      aloneAsked++;
      try {
        const { id } = await options.submit(submission);
        return await endOf(alone, id);
      } catch (error) {
        return { error: toErrandError(error) };
      } finally {
        aloneAsked--;
        if (aloneAsked === 0) alone.ended.clear();
      }
    },
  };
}

/** Everything that goes over the wire is as the task's own: nobody is to see that he is being checked. */
function childOf(record: TaskRecord, question: Question, nowAt: number): Submission {
  const { spec, deadlineAt, id } = record;
  const mostMs = spec.attemptTimeoutMs + spareMs;
  const leftMs = deadlineAt === undefined ? mostMs : Math.max(1, deadlineAt - nowAt);
  const { role, peer, skill, skillVersion, input } = question;
  return {
    ...(role === "judge" ? { ...checkOf(spec), requirements: {}, labels: {} } : checkOf(spec)),
    skill,
    skillVersion,
    input,
    ...(peer !== undefined && { peer }),
    taskTimeoutMs: Math.min(leftMs, mostMs),
    parentId: id,
    check: role,
  };
}

/** What a check has of the task that it is about. */
export function checkOf(spec: TaskSpec): Omit<Submission, "skill" | "input"> {
  return {
    requirements: spec.requirements,
    minTrust: spec.minTrust,
    labels: spec.labels,
    priority: spec.priority,
    attemptTimeoutMs: spec.attemptTimeoutMs,
    ...(spec.idempotent !== undefined && { idempotent: spec.idempotent }),
    ...(spec.maxPrice !== undefined && { maxPrice: spec.maxPrice }),
    ...(spec.traceparent !== undefined && { traceparent: spec.traceparent }),
    retry: { strategy: "none" },
    cache: false,
  };
}

function notNeeded(): ErrandError {
  return new ErrandError("Cancelled", "nobody needs the answer any more");
}

function replyOf(child: TaskRecord): Reply {
  const answer = answeredBy(child);
  if (answer !== undefined) return { answer };
  const { code = "Cancelled", message = `it is ${child.state}` } = child.error ?? {};
  return { error: new ErrandError(code, message) };
}
