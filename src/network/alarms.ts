/**
 * The alarms in force: which provider is to be checked for a while, at which skill, because somebody showed a signed result of its
 * that is wrong. Bounded and paced by reporter: whoever cries wolf costs others a few checks and nothing more.
 */
import type { Clock } from "../core/clock.ts";
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { SignedFault as WireSignedFault } from "#protocols/trust";
import { isProved, readFault, type Fault } from "./alarm-codec.ts";
import type { ResponseVerifier } from "./attest.ts";
import { createTokenBuckets } from "./token-buckets.ts";

export type AlarmVerdict =
  /** In force from now on. */
  | "new"
  /** That provider is checked already. */
  | "known"
  /** Its reporter says too much, or too many are in force. */
  | "limited"
  | "ignored"
  | "hostile";

export interface AlarmInForce {
  peer: PeerIdText;
  skill: string;
  reporter: PeerIdText;
  /** Wall clock, ms. */
  since: number;
  until: number;
}

export interface Alarms {
  readonly counters: Readonly<Record<string, number>>;
  take(signed: WireSignedFault): { verdict: AlarmVerdict; reporter?: PeerIdText };
  inForce(): AlarmInForce[];
  expire(): void;
}

export function createAlarms(options: {
  self: PeerIdText;
  network: string;
  clock: Clock;
  verify: ResponseVerifier;
  isBlocked: (peer: PeerIdText) => boolean;
  /** Whether anybody whose word counts here vouches for the peer. */
  isVouched: (peer: PeerIdText) => boolean;
  /** Called once for each alarm that comes into force. */
  raised: (alarm: AlarmInForce, fault: Fault) => void;
}): Alarms {
  const { self, network, clock, isBlocked } = options;
  const inForce = new Map<string, AlarmInForce>();
  const pace = createTokenBuckets({
    burst: limits.alarmBurst,
    everyMs: limits.alarmEveryMs,
    peers: limits.alarmsKept,
    clock,
  });
  const counters: Record<string, number> = {};

  function look(signed: WireSignedFault): { verdict: AlarmVerdict; reporter?: PeerIdText } {
    const now = clock.now();
    const read = readFault(signed, network, now);
    if (read.problem !== undefined) return { verdict: read.problem === "malformed" ? "hostile" : "ignored" };
    const { fault } = read;
    const { reporter } = fault;
    const { worker, skill } = fault.wrong;
    // Nobody checks himself, and what this node found out itself it acts upon without being told.
    if (worker === self || reporter === self || isBlocked(reporter)) return { verdict: "ignored", reporter };
    const key = `${worker} ${skill}`;
    const known = inForce.get(key);
    if (known !== undefined && known.until > now) return { verdict: "known", reporter };
    if (!pace.take(reporter)) return { verdict: "limited", reporter };
    const vouched = options.isVouched(reporter);
    // Strangers may not fill it, so there is room for those whose word counts.
    if (inForce.size >= limits.alarmsKept / 2 && !vouched) return { verdict: "limited", reporter };
    if (!isProved(read, network, options.verify)) return { verdict: "hostile", reporter };
    const alarm = { peer: worker, skill, reporter, since: now, until: now + limits.alarmForcesMs };
    inForce.delete(key);
    inForce.set(key, alarm);
    if (inForce.size > limits.alarmsKept) inForce.delete(inForce.keys().next().value as string);
    options.raised(alarm, fault);
    return { verdict: "new", reporter };
  }

  return {
    counters,
    take(signed) {
      const taken = look(signed);
      const { verdict } = taken;
      const name = `alarms${verdict[0]?.toUpperCase() ?? ""}${verdict.slice(1)}`;
      counters[name] = (counters[name] ?? 0) + 1;
      return taken;
    },
    inForce: () => [...inForce.values()],
    expire() {
      const now = clock.now();
      for (const [key, { until }] of inForce) if (until <= now) inForce.delete(key);
    },
  };
}
