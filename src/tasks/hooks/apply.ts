/** Between the hooks and the engine: what each is told and when, and what a submission becomes. */
import type { Clock } from "../../core/clock.ts";
import { ErrandError, isErrorCode, toErrandError } from "../../core/errors.ts";
import type { PeerIdText } from "../../core/ids.ts";
import type { Job } from "../../worker/job.ts";
import type { Worker } from "../../worker/worker.ts";
import { viewOf, type TaskRecord } from "../record.ts";
import { isTerminal, type TaskState } from "../states.ts";
import type { Submission } from "../task.ts";
import { HookRefusal, type HookHost } from "./hook-host.ts";
import type { HookRun, HookRunEnd } from "./hooks.ts";

/** What `home` needs to be asked through. */
interface Submitting<View> {
  submit(submission: Submission): Promise<View>;
  submitMany(submissions: readonly Submission[]): Promise<(View | ErrandError)[]>;
}

/** `home` with every submission put before the hook first. */
/** What the operator's hook makes of a submission; the submission itself where there is none. Throws what the hook refuses with. */
export function beforeSubmit(hooks: HookHost | undefined): (submission: Submission) => Promise<Submission> {
  if (hooks?.names.has("beforeSubmit") !== true) return async (submission) => submission;
  return async (submission) => checked(submission, await asked(hooks, submission));
}

export function hookedSubmissions<View, Home extends Submitting<View>>(home: Home, hooks: HookHost): Home {
  if (!hooks.names.has("beforeSubmit")) return home;
  const ask = async (submission: Submission): Promise<Submission> =>
    checked(submission, await asked(hooks, submission));
  return {
    ...home,
    submit: async (submission: Submission) => home.submit(await ask(submission)),
    async submitMany(submissions: readonly Submission[]) {
      const answers = await Promise.all(
        submissions.map((submission) => ask(submission).catch((error: unknown) => toErrandError(error))),
      );
      const allowed = answers.filter((answer): answer is Submission => !(answer instanceof ErrandError));
      const taken = (await home.submitMany(allowed)).values();
      return answers.map((answer) =>
        answer instanceof ErrandError ? answer : (taken.next().value as View | ErrandError),
      );
    },
  };
}

async function asked(hooks: HookHost, submission: Submission): Promise<unknown> {
  try {
    return await hooks.ask("beforeSubmit", submission);
  } catch (error) {
    if (error instanceof HookRefusal) {
      const code = isErrorCode(error.code) ? error.code : "InvalidInput";
      throw new ErrandError(code, `refused by the hook beforeSubmit: ${error.message}`, {
        hint: "This node's operator decides by it what may be submitted.",
        cause: error,
      });
    }
    const { message } = toErrandError(error);
    throw new ErrandError("WaitTimeout", `${message}; the task was not taken on`, {
      hint: "The module named by `hooks` in this node's configuration does not answer; see the node's log.",
      cause: error,
    });
  }
}

/** What the hook made of `before`. Its values are checked by whoever takes the task on; its shape is here. */
function checked(before: Submission, after: unknown): Submission {
  const made = after as Partial<Submission> | null;
  const input = made?.input;
  const isBody =
    typeof input === "object" &&
    typeof input.type === "string" &&
    input.bytes instanceof Uint8Array !== (typeof input.blob?.hash === "string");
  if (typeof made !== "object" || typeof made?.skill !== "string" || !isBody) {
    throw new ErrandError(
      "InvalidConfig",
      "the hook beforeSubmit returned no submission; the task was not taken on",
      {
        hint: "It returns a submission with skill and input, or nothing.",
      },
    );
  }
  const result: Submission = { ...(made as Submission) };
  // Who submits relies on them: an equal key is an equal task, a graph waits for its node.
  for (const key of ["idempotencyKey", "parentId", "graph"] as const) {
    delete result[key];
    if (before[key] !== undefined) Object.assign(result, { [key]: before[key] });
  }
  return result;
}

/** A listener of the task table for `onChange`. */
export function changeHook(
  hooks: HookHost,
  self: PeerIdText,
  clock: Clock,
): (record: TaskRecord, from: TaskState) => void {
  return (record, from) => {
    const to = record.state;
    const tell = (): void => hooks.tell("onChange", { task: viewOf(record, self, clock.now()), from, to });
    if (!isTerminal(to)) tell();
    else {
      // Called after the commit; an end that could not be stored is told to nobody.
      (record.waiters ??= []).push((error) => {
        if (error === undefined) tell();
      });
    }
  };
}

/** `worker` with `beforeRun` and `afterRun` told of its runs. */
export function hookedWorker(worker: Worker, hooks: HookHost, clock: Clock): Worker {
  if (!hooks.names.has("beforeRun") && !hooks.names.has("afterRun")) return worker;
  return {
    ...worker,
    offer(job) {
      const run = runOf(job);
      const { onStart } = job;
      let startedMs: number | undefined;
      job.onStart = () => {
        startedMs = clock.monotonic();
        hooks.tell("beforeRun", run);
        onStart.call(job);
      };
      const offer = worker.offer(job);
      if (offer.verdict === "refused") return offer;
      const ended = (error: ErrandError | undefined): void => {
        if (startedMs === undefined) return;
        const durationMs = Math.round(clock.monotonic() - startedMs);
        hooks.tell("afterRun", {
          ...run,
          outcome: outcomeOf(error),
          error: error?.toJSON() ?? null,
          durationMs,
        });
      };
      offer.result.then(
        () => ended(undefined),
        (error: unknown) => ended(toErrandError(error, "SkillFailed")),
      );
      return offer;
    },
  };
}

/** A job is named by its task and attempt. */
function runOf({ id, skill, submitter }: Job): HookRun {
  const dash = id.lastIndexOf("-");
  return { taskId: id.slice(0, dash), attempt: Number(id.slice(dash + 1)), skill, submitter };
}

function outcomeOf(error: ErrandError | undefined): HookRunEnd["outcome"] {
  if (error === undefined) return "completed";
  if (error.code === "TaskTimeout") return "timeout";
  return error.code === "Cancelled" || error.code === "Lost" || error.code === "ShuttingDown"
    ? "cancelled"
    : "failed";
}
