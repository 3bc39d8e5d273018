/** The moving parts of one run, shared by those who act in it: clients (asking.ts), workers (serving.ts), gossip (background.ts). */
import type { Random } from "../../src/core/clock.ts";
import type { Load } from "../../src/network/messages.ts";
import type { EventQueue } from "./event-queue.ts";
import type { Measure } from "./measure.ts";
import type { ErrandPolicy } from "./policies/errand.ts";
import type { Asked, Policy, ProbeReply } from "./policies/policy.ts";
import type { Policies } from "./policies/registry.ts";
import type { Answer } from "./threats.ts";
import type { SimNode, World } from "./world.ts";

/** Kinds of events; the comment says what their first number is. */
export const Event = {
  /** A client gets a task to do: node. */
  arrive: 0,
  // An attempt, from here on.
  request: 1,
  ack: 2,
  refuse: 3,
  finish: 4,
  answer: 5,
  timeout: 6,
  hedge: 7,
  cancel: 8,
  // A task.
  retry: 9,
  /** The second number is that of the choice. */
  probesOver: 10,
  // A probe.
  probe: 11,
  probeReply: 12,
  // A node.
  card: 13,
  cardHeard: 14,
  spell: 15,
  join: 16,
  // Everybody.
  round: 17,
  mark: 18,
  /** An alarm. */
  alarm: 19,
} as const;

export interface Task extends Asked {
  client: SimNode;
  /** Run time against the mean of its skill. */
  work: number;
  bornAt: number;
  tried: Set<string>;
  order: readonly string[];
  next: number;
  /** Offers in a row that nobody took. */
  refusals: number;
  attempts: number;
  /** Attempts that are out. */
  out: Attempt[];
  done: boolean;
  /** Number of the choice, so that a late reply to an earlier one is known. */
  choice: number;
  /** Replies that the choice still waits for; 0 when it waits for none. */
  waitingFor: number;
}

export interface Attempt {
  id: number;
  task: Task;
  node: SimNode;
  /** The name under which it was sent. */
  peer: string;
  rttMs: number;
  sentAt: number;
  arrivedAt: number;
  /** Others there when it came. */
  ahead: number;
  runMs: number;
  state: "sent" | "queued" | "running" | "hanging" | "over";
  /** The client knows its end. */
  ended: boolean;
  answer: Answer;
  load: Load;
  retryAfterMs: number;
  /** Set if this run checks another's answer. */
  checks: Attempt | undefined;
}

export interface Probe {
  task: Task;
  node: SimNode;
  peer: string;
  rttMs: number;
  choice: number;
  reply: ProbeReply;
}

export interface Client {
  policy: Policy;
  /** For the tasks that come to it. */
  random: Random;
  /** Alarms it may still send, and when one was added last. */
  alarms: number;
  alarmsAt: number;
}

export interface RunState {
  world: World;
  queue: EventQueue;
  measure: Measure;
  policies: Policies;
  clients: ReadonlyMap<SimNode, Client>;
  errands: ReadonlyMap<SimNode, ErrandPolicy>;
  /** For errors and answers. */
  luck: Random;
  /** For gossip and lies. */
  talk: Random;
  tasks: Task[];
  attempts: Attempt[];
  probes: Probe[];
  alarms: { reporter: SimNode; peer: string; skill: number }[];
  /** No task comes after. */
  endsAt: number;
  rounds: number;
}

export const noLoad: Load = Object.freeze({ running: 0, slots: 1, queued: 0, serviceMs: 0 });
export const attemptTimeoutMs = 40_000;
