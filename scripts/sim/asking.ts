/** The client's side of a run: a task comes, its policy chooses, answers are judged, and what is wrong goes elsewhere. */
import { limits } from "../../src/core/limits.ts";
import type { End } from "./policies/policy.ts";
import { exponential, lognormal, pick } from "./random.ts";
import { Event, attemptTimeoutMs, noLoad } from "./run-state.ts";
import type { Attempt, Client, Probe, RunState, Task } from "./run-state.ts";
import { liesPerName, renameMs } from "./threats.ts";
import type { SimNode } from "./world.ts";

const mostAttempts = 10;
const refusalsBeforePause = 5;
const pauseMs = 250;
const workSigma = 0.5;
const noReply = { load: noLoad, estimateMs: 0 };

function clientOf(run: RunState, task: Task): Client {
  return run.clients.get(task.client) as Client;
}

export function arrive(run: RunState, client: SimNode): void {
  const { world, queue, tasks } = run;
  const { now, setting } = world;
  if (now >= run.endsAt) return;
  const { random } = run.clients.get(client) as Client;
  queue.push(now + exponential(random) * setting.taskEveryMs, Event.arrive, client.index);
  const task: Task = {
    id: tasks.length,
    client,
    skill: Math.floor(random() * setting.skills),
    work: lognormal(random, workSigma),
    bornAt: now,
    tried: new Set([client.id]),
    timeoutMs: attemptTimeoutMs,
    order: [],
    next: 0,
    refusals: 0,
    attempts: 0,
    out: [],
    done: false,
    choice: 0,
    waitingFor: 0,
  };
  tasks.push(task);
  run.measure.tasks += 1;
  plan(run, task);
}

/** Begins a choice: perhaps loads are asked for first. */
export function plan(run: RunState, task: Task): void {
  if (task.done) return;
  const { policy } = clientOf(run, task);
  task.choice += 1;
  task.waitingFor = 0;
  const asked = policy.probes?.(task, run.world.now);
  if (asked === undefined || asked.peers.length === 0) return choose(run, task);
  for (const peer of asked.peers) sendProbe(run, task, peer);
  if (asked.wait === 0) return choose(run, task);
  task.waitingFor = Math.min(asked.wait, asked.peers.length);
  run.queue.push(run.world.now + asked.forMs, Event.probesOver, task.id, task.choice);
}

function sendProbe(run: RunState, task: Task, peer: string): void {
  const { world, probes } = run;
  const node = world.byId.get(peer) as SimNode;
  const rttMs = world.rttMs(task.client, node);
  run.measure.probes += 1;
  run.queue.push(world.now + rttMs / 2, Event.probe, probes.length);
  probes.push({ task, node, peer, rttMs, choice: task.choice, reply: noReply });
}

export function probeReplied(run: RunState, { task, peer, rttMs, choice, reply }: Probe): void {
  clientOf(run, task).policy.probed?.(peer, reply, rttMs, run.world.now, task.id);
  if (choice !== task.choice || task.waitingFor === 0) return;
  task.waitingFor -= 1;
  if (task.waitingFor === 0) choose(run, task);
}

export function probesOver(run: RunState, task: Task, choice: number): void {
  if (choice !== task.choice || task.waitingFor === 0) return;
  task.waitingFor = 0;
  choose(run, task);
}

function choose(run: RunState, task: Task): void {
  task.order = clientOf(run, task).policy.choose(task, run.world.now);
  task.next = 0;
  offerNext(run, task);
}

function offerNext(run: RunState, task: Task): void {
  const peer = task.order[task.next];
  if (task.refusals < refusalsBeforePause && peer !== undefined) {
    task.next += 1;
    return void send(run, task, peer, undefined);
  }
  if (task.refusals < refusalsBeforePause && task.next > 0) return plan(run, task);
  // Nobody takes it, or everybody was tried: all get another chance after a while.
  task.refusals = 0;
  task.tried.clear();
  task.tried.add(task.client.id);
  run.queue.push(run.world.now + pauseMs, Event.retry, task.id);
}

function send(run: RunState, task: Task, peer: string, checks: Attempt | undefined): Attempt {
  const { world, queue, attempts } = run;
  const { now } = world;
  const node = world.byId.get(peer) as SimNode;
  const rttMs = world.rttMs(task.client, node);
  const attempt: Attempt = {
    id: attempts.length,
    task,
    node,
    peer,
    rttMs,
    sentAt: now,
    arrivedAt: 0,
    ahead: 0,
    runMs: 0,
    state: "sent",
    ended: false,
    answer: 0,
    load: noLoad,
    retryAfterMs: 0,
    checks,
  };
  attempts.push(attempt);
  task.out.push(attempt);
  queue.push(now + rttMs / 2, Event.request, attempt.id);
  if (checks !== undefined) return attempt;
  queue.push(now + attemptTimeoutMs, Event.timeout, attempt.id);
  const { policy } = clientOf(run, task);
  policy.sent?.(peer, task.skill, now);
  const hedgeMs = policy.hedgeAfterMs?.(task, peer, now) ?? Infinity;
  if (hedgeMs < attemptTimeoutMs && task.out.length === 1) queue.push(now + hedgeMs, Event.hedge, attempt.id);
  return attempt;
}

export function hedge(run: RunState, { ended, task, peer }: Attempt): void {
  if (ended || task.done || task.out.length !== 1) return;
  task.tried.add(peer);
  const second = clientOf(run, task).policy.hedge?.(task, run.world.now);
  if (second === undefined) return;
  run.measure.hedges += 1;
  send(run, task, second, undefined);
}

export function acked(run: RunState, attempt: Attempt): void {
  if (attempt.ended || attempt.checks !== undefined) return;
  clientOf(run, attempt.task).policy.acked?.(attempt.peer, attempt.rttMs, attempt.load, run.world.now);
}

/** The attempt is over for the client. */
function close(attempt: Attempt): void {
  attempt.ended = true;
  attempt.task.out.splice(attempt.task.out.indexOf(attempt), 1);
}

export function refused(run: RunState, attempt: Attempt): void {
  if (attempt.ended) return;
  const { task, peer, load, retryAfterMs, checks } = attempt;
  const { now } = run.world;
  close(attempt);
  if (checks !== undefined) return check(run, checks);
  run.measure.wasted += 1;
  const { policy } = clientOf(run, task);
  if (retryAfterMs < 0) policy.lost?.(peer, task.skill, now);
  else policy.refused?.(peer, load, retryAfterMs, now);
  task.tried.add(peer);
  task.refusals += 1;
  if (!task.done && task.out.length === 0) offerNext(run, task);
}

export function timedOut(run: RunState, attempt: Attempt): void {
  if (attempt.ended) return;
  const { task, peer } = attempt;
  close(attempt);
  run.measure.wasted += 1;
  clientOf(run, task).policy.timedOut?.(peer, task.skill, run.world.now);
  run.queue.push(run.world.now + attempt.rttMs / 2, Event.cancel, attempt.id);
  task.tried.add(peer);
  if (!task.done && task.out.length === 0) plan(run, task);
}

export function answered(run: RunState, attempt: Attempt): void {
  if (attempt.ended) return;
  const { task, node, checks } = attempt;
  if (checks !== undefined) return checked(run, attempt, checks);
  const { setting, now } = run.world;
  close(attempt);
  run.measure.answered(task.bornAt, attempt.answer === 0);
  if (attempt.answer !== 0) lied(run, node);
  task.refusals = 0;
  task.attempts += 1;
  overtake(run, task);
  if (setting.verdicts === "oracle") return judge(run, attempt, attempt.answer === 0 ? "good" : "bad");
  const share = clientOf(run, task).policy.verifyProbability?.(attempt.peer, task.skill, now) ?? 0;
  if (setting.verdicts === "sampled" && run.luck() < share) return check(run, attempt);
  judge(run, attempt, "unchecked");
}

/** What runs beside the attempt that won is called back. */
function overtake(run: RunState, task: Task): void {
  const { now } = run.world;
  for (const loser of task.out.slice()) {
    close(loser);
    clientOf(run, task).policy.overtaken?.(loser.peer, task.skill, now - loser.sentAt);
    run.queue.push(now + loser.rttMs / 2, Event.cancel, loser.id);
  }
}

/** Has an anchor run it again. Anchors err as others do, and are believed. */
function check(run: RunState, attempt: Attempt): void {
  const { anchors } = run.world;
  const others = anchors.filter((anchor) => anchor !== attempt.node && anchor !== attempt.task.client);
  send(run, attempt.task, pick(others, run.luck).id, attempt);
}

function checked(run: RunState, { answer, ...rest }: Attempt, attempt: Attempt): void {
  const { task, peer } = attempt;
  run.measure.checked(task.bornAt);
  task.out = task.out.filter(({ id }) => id !== rest.id);
  const same = answer === attempt.answer;
  judge(run, attempt, same ? "good" : "bad");
  if (same) return;
  alarm(run, task, peer);
  // The anchor's answer is there already.
  accept(run, task, answer === 0);
}

function judge(run: RunState, attempt: Attempt, end: End): void {
  const { task, peer, runMs, load, sentAt } = attempt;
  const { now, setting } = run.world;
  const outcome = { runMs, latencyMs: now - sentAt, load };
  clientOf(run, task).policy.ended?.(peer, task.skill, end, outcome, now);
  if (end !== "bad") return accept(run, task, attempt.answer === 0);
  if (setting.verdicts !== "oracle") return;
  task.tried.add(peer);
  if (task.attempts >= mostAttempts) task.done = true;
  else plan(run, task);
}

function accept(run: RunState, task: Task, good: boolean): void {
  task.done = true;
  run.measure.accepted(task.bornAt, good, run.world.now);
}

/** Everybody hears of a proved error, as often as one reporter may speak. */
function alarm(run: RunState, task: Task, peer: string): void {
  const { now } = run.world;
  const client = clientOf(run, task);
  client.alarms = Math.min(limits.alarmBurst, client.alarms + (now - client.alarmsAt) / limits.alarmEveryMs);
  client.alarmsAt = now;
  if (client.alarms < 1) return;
  client.alarms -= 1;
  run.queue.push(now + 500, Event.alarm, run.alarms.length);
  run.alarms.push({ reporter: task.client, peer, skill: task.skill });
}

/** A whitewasher leaves when its name is burnt, and comes back as somebody else. */
function lied(run: RunState, node: SimNode): void {
  node.lies += 1;
  if (node.kind !== "whitewasher" || node.lies < liesPerName || !node.joined) return;
  run.world.leave(node);
  run.world.rename(node);
  run.queue.push(run.world.now + renameMs, Event.join, node.index);
}
