/**
 * Between the delegation and the routing policy: who could do a task (this node, known cards), with what is known of them
 * now, and what each attempt taught. Routing itself is pure and sees only plain data; the network is asked only when
 * nobody is known.
 */
import type { Clock } from "../core/clock.ts";
import type { PeerIdText } from "../core/ids.ts";
import type { CardDirectory, CardSkill, KnownCard, Resources } from "../network/card.ts";
import type { Load } from "../network/messages.ts";
import type { Candidate, Decision, RoutingRequest } from "../routing/candidate.ts";
import type { Draft } from "../routing/decide.ts";
import type { Router } from "../routing/router.ts";
import type { OfferedSkill } from "../skills/skill.ts";
import type { Worker } from "../worker/worker.ts";
import type { AttemptOutcome } from "./attempt.ts";
import { createDenials } from "./denials.ts";
import type { TaskRecord } from "./record.ts";
import type { Answer } from "./settle.ts";

/** What the operator decided about peers, and how they are connected. */
export interface PeerStanding {
  /** Changes whenever any of the answers below may. */
  readonly generation: number;
  isBlocked(peer: PeerIdText): boolean;
  isConnected(peer: PeerIdText): boolean;
  pinOf(peer: PeerIdText): number | undefined;
}

export interface ProvidersOptions {
  self: PeerIdText;
  router: Router;
  directory: CardDirectory;
  standing: PeerStanding;
  worker: Worker;
  resources(): Resources;
  role: string;
  tags: readonly string[];
  /** Who must not get a task that checks another; undefined for all other tasks. */
  excluded?(record: TaskRecord): ReadonlySet<PeerIdText> | undefined;
  clock: Clock;
}

/** What an answer says of who gave it; `none` when it was not looked at or says nothing, `held` when that is still to be found out. */
export type Verdict = "good" | "bad" | "skill-failed" | "timeout" | "none" | "held";

export interface Providers {
  /** From memory alone; may name peers whose load to ask for first. */
  route(record: TaskRecord): Draft;
  /** The decision of a draft after its peers were asked. */
  settle(record: TaskRecord, draft: Draft, silent: ReadonlySet<PeerIdText>, waitedMs: number): Decision;
  /** A peer that was asked has told its load. */
  probed(peer: PeerIdText, rttMs: number, load: Load): void;
  /** After how long without an answer a second attempt is worth it, ms; undefined when it may not have one. */
  hedgeAfterMs(record: TaskRecord, peer: PeerIdText): number | undefined;
  /** Who could take a second attempt beside the one that is out; undefined when nobody has room. */
  hedge(record: TaskRecord): Decision | undefined;
  /** Asks the network for providers of the skill, or for one peer's card; resolves when somebody new is known or after about `forMs`. All who ask for the same share one search. */
  discover(skill: string, peer: PeerIdText | undefined, forMs: number): Promise<void>;
  sent(record: TaskRecord, peer: PeerIdText): void;
  acked(peer: PeerIdText, rttMs: number, load: Load): void;
  load(peer: PeerIdText, load: Load): void;
  /** The attempt ended without an answer. */
  unanswered(
    record: TaskRecord,
    peer: PeerIdText,
    outcome: Exclude<AttemptOutcome, { kind: "answered" }>,
  ): void;
  /** The attempt was answered, and the answer judged. */
  judged(record: TaskRecord, peer: PeerIdText, answer: Answer, verdict: Verdict, reason?: string): void;
}

interface CachedCandidates {
  cards: number;
  standing: number;
  list: Candidate[];
  /** Made of which card: those whose card has not changed stay the same, and routing finds them again at once. */
  made: WeakMap<KnownCard, Candidate>;
  /** All say that running the skill twice does no harm. */
  repeatable: boolean;
}

/**
 * A peer seen as candidate. A class for its two getters: what changes by the moment is looked at for the few that are drawn, not
 * brought up to date for a thousand before each decision.
 */
class RemoteCandidate implements Candidate {
  readonly local = false;
  readonly peer: PeerIdText;
  readonly skillVersion: string;
  readonly price: number;
  readonly resources: Resources;
  readonly role: string;
  readonly tags: readonly string[];
  readonly connected: boolean;
  readonly blocked: boolean;
  readonly pin: number | undefined;
  readonly warm: boolean;
  readonly #known: KnownCard;
  readonly #clock: Clock;

  constructor(known: KnownCard, { version, price, warm }: CardSkill, standing: PeerStanding, clock: Clock) {
    const { card } = known;
    this.peer = card.peer;
    this.skillVersion = version;
    this.price = price;
    this.resources = card.resources;
    this.role = card.role;
    this.tags = card.tags;
    this.connected = standing.isConnected(card.peer);
    this.blocked = standing.isBlocked(card.peer);
    this.pin = standing.pinOf(card.peer);
    this.warm = warm === true;
    this.#known = known;
    this.#clock = clock;
  }

  get load(): Load {
    return this.#known.card.load;
  }

  /** A card that is only confirmed by a sign of life says nothing new of the load, so the issuer's clock counts as well. */
  get loadAgeMs(): number {
    const { heardAt, card } = this.#known;
    return Math.max(this.#clock.monotonic() - heardAt, this.#clock.now() - card.issuedAt);
  }
}

// Skills that tasks ask for; each costs a small list.
const skillsCached = 1_024;
const lookAgainMs = 20;

export function createProviders(options: ProvidersOptions): Providers {
  const { router, directory, standing, worker, clock, self } = options;
  const cache = new Map<string, CachedCandidates>();
  const searches = new Map<string, Promise<void>>();
  const denials = createDenials(() => clock.monotonic());

  function candidates(skill: string): CachedCandidates {
    let cached = cache.get(skill);
    if (
      cached === undefined ||
      cached.cards !== directory.generation ||
      cached.standing !== standing.generation
    ) {
      const made =
        cached?.standing === standing.generation ? cached.made : new WeakMap<KnownCard, Candidate>();
      cached = gather(skill, made);
      if (cache.size >= skillsCached) cache.delete(cache.keys().next().value as string);
      cache.set(skill, cached);
    }
    return cached;
  }

  function gather(skill: string, made: CachedCandidates["made"]): CachedCandidates {
    const list: Candidate[] = [];
    let repeatable = true;
    const own = worker.skills.get(skill);
    if (own !== undefined) {
      list.push(localCandidate(own));
      repeatable &&= own.definition.idempotent === true || own.definition.deterministic === true;
    }
    for (const known of directory.offering(skill)) {
      if (known.card.peer === self) continue;
      const offered = known.card.skills.find((one) => one.id === skill);
      if (offered === undefined) continue;
      let candidate = made.get(known);
      if (candidate === undefined)
        made.set(known, (candidate = new RemoteCandidate(known, offered, standing, clock)));
      list.push(candidate);
      repeatable &&= offered.idempotent || offered.deterministic;
    }
    return { cards: directory.generation, standing: standing.generation, list, made, repeatable };
  }

  function localCandidate(own: OfferedSkill): Candidate {
    return {
      peer: self,
      local: true,
      skillVersion: own.definition.version,
      price: 0,
      resources: options.resources(),
      role: options.role,
      tags: options.tags,
      get load() {
        return worker.load();
      },
      loadAgeMs: 0,
      connected: true,
      blocked: false,
      pin: undefined,
    };
  }

  function requestFor(record: TaskRecord): RoutingRequest {
    const { spec } = record;
    const leftMs = record.deadlineAt === undefined ? Infinity : record.deadlineAt - clock.now();
    const left = (spec.check === undefined ? undefined : options.excluded?.(record)) ?? deniedTo(record);
    return {
      skill: spec.skill,
      skillVersion: spec.skillVersion,
      requirements: spec.requirements,
      peer: spec.peer ?? record.moving?.to,
      minTrust: spec.minTrust,
      maxPrice: spec.maxPrice,
      timeoutMs: Math.min(spec.attemptTimeoutMs, leftMs),
      exclude: left ?? record.tried,
      affinityKey: spec.labels["affinity"],
      said: record.ruledOut,
    };
  }

  /** With those that were tried, those that let this node not call the skill; undefined when there are none. */
  function deniedTo({ spec, tried }: TaskRecord): ReadonlySet<PeerIdText> | undefined {
    const denied = spec.peer === undefined && denials.among(spec.skill, candidates(spec.skill).list);
    return denied ? new Set([...tried, ...denied]) : undefined;
  }

  async function search(skill: string, peer: PeerIdText | undefined, forMs: number): Promise<void> {
    const stop = new AbortController();
    const until = stop.signal;
    const cancelStop = clock.after(forMs, () => stop.abort());
    const before = directory.generation;
    const searched = async (): Promise<void> => {
      if (peer !== undefined && peer !== self) await directory.fetch(peer, until);
      else
        for await (const _found of directory.find(skill, { signal: until, limit: 8 }))
          if (directory.generation !== before) return;
    };
    await searched().catch(() => undefined);
    // Cards also come by gossip and from new connections: go on as soon as any has, and not before.
    while (directory.generation === before && !until.aborted) {
      await new Promise<void>((resolve) => clock.after(lookAgainMs, resolve));
    }
    cancelStop();
  }

  return {
    route(record) {
      const { list } = candidates(record.spec.skill);
      return router.draft(requestFor(record), list, clock.monotonic(), clock.now());
    },
    settle: ({ spec }, draft, silent, waitedMs) =>
      router.finish(draft, spec.skill, silent, waitedMs, clock.monotonic(), clock.now()),
    probed: (peer, rttMs, load) => router.onProbed(peer, rttMs, load, clock.monotonic()),
    hedgeAfterMs({ spec }, peer) {
      if (spec.idempotent !== true && !candidates(spec.skill).repeatable) return undefined;
      return router.hedgeAfterMs(peer, spec.skill, clock.monotonic());
    },
    hedge(record) {
      const first = requestFor(record);
      const exclude = new Set(first.exclude).add(record.peer);
      const { list } = candidates(record.spec.skill);
      const request = { ...first, exclude, hedge: true };
      const decision = router.decide(request, list, clock.monotonic(), clock.now());
      return decision.order.length === 0 || decision.retryAfterMs !== undefined ? undefined : decision;
    },
    discover(skill, peer, forMs) {
      const key = `${skill} ${peer ?? ""}`;
      let running = searches.get(key);
      if (running === undefined) {
        running = search(skill, peer, forMs).finally(() => searches.delete(key));
        searches.set(key, running);
      }
      return running;
    },
    sent: (record, peer) => router.onSent(peer, record.spec.skill, clock.monotonic()),
    acked: (peer, rttMs, load) => router.onAck(peer, rttMs, load, clock.monotonic()),
    load: (peer, load) => router.onProgress(peer, load, clock.monotonic()),
    unanswered(record, peer, outcome) {
      const now = clock.monotonic();
      if (outcome.kind === "refused") {
        if (outcome.code === "Unauthorized") denials.deny(record.spec.skill, peer);
        router.onRefused(peer, undefined, outcome.retryAfterMs, now);
      } else if (outcome.kind === "expired") router.onTimeout(peer, record.spec.skill, now);
      else if (outcome.kind === "overtaken") router.onOvertaken(peer, record.spec.skill, outcome.ranMs);
      else if (outcome.kind === "abandoned" || outcome.kind === "unsent") router.onReleased(peer);
      else router.onLost(peer, record.spec.skill, now);
    },
    judged(record, peer, answer, verdict, reason) {
      const now = clock.monotonic();
      const { skill } = record.spec;
      const outcome = { wallMs: answer.ranMs, load: answer.response.load };
      if (verdict === "good") router.onGood(peer, skill, outcome, now);
      else if (verdict === "bad") router.onBad(peer, skill, reason ?? "", now);
      else if (verdict === "skill-failed" || verdict === "held")
        router.onSkillFailed(peer, skill, outcome, now);
      else if (verdict === "timeout") router.onTimeout(peer, skill, now);
      else router.onReleased(peer);
    },
  };
}
