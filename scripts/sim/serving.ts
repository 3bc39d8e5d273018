/** The worker's side of a run: a request comes, waits, runs and is answered; liars and free riders do as they please. */
import type { Load } from "../../src/network/messages.ts";
import { Event, attemptTimeoutMs, type Attempt, type Probe, type RunState } from "./run-state.ts";
import { answerOf, servesBadly } from "./threats.ts";
import type { SimNode } from "./world.ts";

/** What a worker says of its load. Malicious ones always have time. */
export function loadOf({ worker }: SimNode, lies: boolean): Load {
  const load = worker.load();
  return lies ? { ...load, running: 0, queued: 0 } : load;
}

export function request(run: RunState, attempt: Attempt): void {
  const { world, queue } = run;
  const { node, rttMs } = attempt;
  const { worker } = node;
  const { now } = world;
  // Nobody goes by that name here any more.
  const gone = !node.joined || attempt.peer !== node.id;
  if (gone || node.kind === "rider") {
    attempt.state = "over";
    attempt.retryAfterMs = gone ? -1 : 0;
    attempt.load = loadOf(node, true);
    return queue.push(now + rttMs / 2, Event.refuse, attempt.id);
  }
  attempt.arrivedAt = now;
  attempt.ahead = worker.inFlight;
  if (node.kind === "hole") {
    attempt.state = "hanging";
  } else {
    const admission = worker.admit(attemptTimeoutMs - (now - attempt.sentAt));
    if (admission.verdict === "refuse") {
      attempt.state = "over";
      attempt.retryAfterMs = admission.retryAfterMs;
      attempt.load = loadOf(node, servesBadly(node));
      return queue.push(now + rttMs / 2, Event.refuse, attempt.id);
    }
    if (admission.verdict === "run") {
      start(run, attempt);
    } else {
      attempt.state = "queued";
      worker.queue.push(attempt.id);
    }
  }
  attempt.load = loadOf(node, servesBadly(node));
  queue.push(now + rttMs / 2, Event.ack, attempt.id);
}

function start({ world, queue }: RunState, attempt: Attempt): void {
  const { worker } = attempt.node;
  attempt.state = "running";
  worker.running += 1;
  attempt.runMs = world.setting.runMs * attempt.task.work * worker.speed * worker.slowness;
  queue.push(world.now + attempt.runMs, Event.finish, attempt.id);
}

function startNext(run: RunState, node: SimNode): void {
  const { worker } = node;
  while (worker.queue.length > 0 && worker.running < worker.slots) {
    const next = run.attempts[worker.queue.shift() as number] as Attempt;
    if (next.state === "queued") start(run, next);
  }
}

export function finish(run: RunState, attempt: Attempt): void {
  if (attempt.state !== "running") return;
  const { node, rttMs } = attempt;
  const { now } = run.world;
  attempt.state = "over";
  node.worker.finished(attempt.runMs);
  node.worker.observeLatency(attempt.ahead, now - attempt.arrivedAt);
  attempt.answer = answerOf(node, run.world, run.luck, attempt.id);
  startNext(run, node);
  attempt.load = loadOf(node, servesBadly(node));
  run.queue.push(now + rttMs / 2, Event.answer, attempt.id);
}

/** The client does not want it any more. */
export function cancelled(run: RunState, attempt: Attempt): void {
  const { worker } = attempt.node;
  if (attempt.state === "queued") worker.queue.splice(worker.queue.indexOf(attempt.id), 1);
  else if (attempt.state === "running") worker.running -= 1;
  attempt.state = "over";
  startNext(run, attempt.node);
}

export function probed(run: RunState, id: number): void {
  const probe = run.probes[id] as Probe;
  const { node } = probe;
  if (!node.joined || probe.peer !== node.id) return;
  probe.reply = { load: loadOf(node, servesBadly(node)), estimateMs: node.worker.estimateMs() };
  run.queue.push(run.world.now + probe.rttMs / 2, Event.probeReply, id);
}
