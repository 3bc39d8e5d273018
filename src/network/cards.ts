/**
 * The card directory: what this node knows of its peers, and how it comes to know it. Three ways lead in: gossip, an exchange
 * with each peer that connects (card-sync.ts), and a fetch when the DHT names a provider whose card is missing. The rules of
 * what is kept are in card-table.ts, those of who is still there in liveness.ts.
 */
import type { Clock, Random } from "../core/clock.ts";
import { ErrandError } from "../core/errors.ts";
import type { PeerIdText } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import type { Signer } from "../core/signatures.ts";
import { claimOf } from "./card-codec.ts";
import { createCardPersistence, type CardStore } from "./card-persistence.ts";
import { searchCards } from "./card-search.ts";
import { createCardSync } from "./card-sync.ts";
import { createCardTable, type CardTable, type Taken, type Via } from "./card-table.ts";
import type { CardDirectory, KnownCard } from "./card.ts";
import type { SkillRecords } from "./dht/skill-records.ts";
import { createCardGossip } from "./gossip/cards.ts";
import type { Host } from "./host.ts";
import { createLiveness } from "./liveness.ts";
import { cardTopic } from "./names.ts";
import { createOwnCard, type CardFacts } from "./own-card.ts";
import { askForCards, cardProtocol, serveCards } from "./protocols/card.ts";
import { createSchemaCache } from "./schemas.ts";

export type { CardStore } from "./card-persistence.ts";

export interface CardsOptions {
  host: Host;
  signer: Signer;
  records: SkillRecords;
  /** What this node says of itself now; called whenever a card is made. */
  facts: () => CardFacts;
  /** JSON text of a schema of this node's own skills. */
  schemaText: (hash: string) => string | undefined;
  store?: CardStore;
  clock: Clock;
  random: Random;
  log: Log;
}

export interface Cards extends CardDirectory {
  /** Before the host starts: whoever connects first is to find the protocol. */
  serve(): Promise<void>;
  /** Once the host listens. Throws `LimitExceeded` if there is too much on the own card. */
  start(): void;
  /** Facts have changed: skills are provided anew, and a new card goes out soon. */
  changed(): void;
  /** Says goodbye to the mesh and to every connected peer, within half a second. */
  leave(): Promise<void>;
  stop(): Promise<void>;
}

const leaveMs = 500;

export function createCards(options: CardsOptions): Cards {
  const { host, signer, records, facts, schemaText, clock, log } = options;
  const table = createCardTable({ self: host.peer, network: host.network, clock });
  const meshSize = (): number => table.size + 1;
  const own = createOwnCard({ network: host.network, signer, facts, meshSize, clock });
  const stopping = new AbortController();
  const persistence = createCardPersistence(options.store, table, clock, log);
  const liveness = createLiveness({ host, table, clock, signal: stopping.signal, log });
  const schemas = createSchemaCache(schemaText, (peer, hash, signal) =>
    askForCards(host, peer, { schemas: [hash] }, signal).then((answer) => answer.schemas.get(hash)),
  );
  const cleanUp: (() => void)[] = [];

  const take = (signed: Uint8Array, via: Via): Taken => {
    const taken = table.take(signed, via);
    const { verdict, peer, seq } = taken;
    if (verdict === "own" && seq !== undefined) own.outdo(seq);
    if ((verdict === "new" || verdict === "left") && peer !== undefined) persistence.changed(peer);
    return taken;
  };
  /** A card that came over `peer`'s connection: its own word if it is its own card, a relayed one otherwise. */
  const heard = (signed: Uint8Array, peer: PeerIdText): void => {
    const { verdict, problem } = take(signed, claimOf(signed)?.peer === peer ? "direct" : "relay");
    if (verdict === "hostile") log.warn({ peer, problem }, "peer sent a card that no honest node makes");
  };
  const sync = createCardSync({
    host,
    own: () => own.current(),
    heard,
    isKnown: (peer) => table.get(peer) !== undefined,
    clock,
    stopping: stopping.signal,
    log,
  });
  const gossip = createCardGossip({
    pubsub: host.pubsub,
    topic: cardTopic(host.network),
    renew: () => own.renew(),
    take: (signed) => take(signed, "gossip"),
    meshSize,
    clock,
    random: options.random,
    log,
  });
  const provide = (): void => records.provide(facts().skills.map(({ id }) => id));

  async function reachStored(): Promise<void> {
    for (const peer of await persistence.load()) void liveness.verify(peer);
  }

  async function fetch(peer: PeerIdText, signal: AbortSignal): Promise<KnownCard> {
    const known = table.get(peer);
    if (known !== undefined && !table.isSuspect(peer)) return known;
    await sync.ask(peer, 0, signal);
    const fetched = table.get(peer);
    if (fetched !== undefined) return fetched;
    throw new ErrandError("PeerUnreachable", `${peer} has no valid card for the network "${host.network}"`, {
      hint: "It may belong to another network, run another version, or have a clock that is minutes off.",
      retryable: false,
    });
  }

  return {
    get generation() {
      return table.generation;
    },
    get: (peer) => table.get(peer),
    all: () => table.all(),
    offering: (skillId) => table.offering(skillId),
    fetch,
    schema: (hash, peer, signal) => schemas.get(hash, peer, signal),
    find: (skillId, search) =>
      searchCards(skillId, { ...search, self: host.peer, table, records, fetch, liveness }),
    async serve() {
      await serveCards(host, {
        own: () => own.current(),
        known: () => freshest(table),
        schema: schemaText,
        heard,
        clock,
      });
      cleanUp.push(sync.start(), liveness.start());
    },
    start() {
      own.renew();
      gossip.start();
      provide();
      persistence.start();
      void reachStored();
    },
    changed() {
      provide();
      gossip.changed();
    },
    async leave() {
      const signed = own.goodbye();
      const signal = AbortSignal.timeout(leaveMs);
      const peers = host.peers().filter((peer) => host.speaks(peer, cardProtocol));
      await Promise.allSettled([
        gossip.publish(signed),
        ...peers.map((peer) => askForCards(host, peer, { own: signed }, signal)),
      ]);
    },
    async stop() {
      for (const run of cleanUp.splice(0)) run();
      gossip.stop();
      stopping.abort(new ErrandError("ShuttingDown", "the node is stopping"));
      await persistence.stop();
    },
  };
}

/** What is worth telling others: not suspects, those heard last first. */
function freshest(table: CardTable): Iterable<Uint8Array> {
  return [...table.all()]
    .filter(({ card }) => !table.isSuspect(card.peer))
    .toSorted((a, b) => b.heardAt - a.heardAt)
    .map(({ signed }) => signed);
}
