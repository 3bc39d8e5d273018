/**
 * The card directory: what this node knows of its peers, and how it comes to know it. Three ways lead in: gossip, a round trip
 * with each new peer (which brings a newcomer the whole directory at once), and a fetch when the DHT names a provider whose
 * card is missing. The rules of what is kept are in card-table.ts, those of who is still there in liveness.ts.
 */
import type { Clock, Random } from "../core/clock.ts";
import { ErrandError } from "../core/errors.ts";
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Log } from "../core/log.ts";
import type { Signer } from "../core/signatures.ts";
import { claimOf } from "./card-codec.ts";
import type { CardDirectory, KnownCard } from "./card.ts";
import { searchCards } from "./card-search.ts";
import { createCardTable, type Taken, type Via } from "./card-table.ts";
import type { SkillRecords } from "./dht/skill-records.ts";
import { createCardGossip } from "./gossip/cards.ts";
import type { Host } from "./host.ts";
import { watchLiveness } from "./liveness.ts";
import { cardTopic } from "./names.ts";
import { createOwnCard, type CardFacts } from "./own-card.ts";
import { askForCards, cardProtocol, serveCards } from "./protocols/card.ts";
import { createSchemaCache } from "./schemas.ts";

export interface StoredCard {
  peer: PeerIdText;
  /** Serialised `SignedCard`. */
  signed: Uint8Array;
  seq: number;
  expiresAt: number;
}

/** Where cards outlive a restart. */
export interface CardStore {
  load(): Promise<Pick<StoredCard, "peer" | "signed">[]>;
  /** Inserts or replaces by peer. */
  save(rows: readonly StoredCard[]): Promise<void> | void;
  remove(peers: readonly PeerIdText[]): Promise<void> | void;
}

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

// The first few peers are asked for all they know, the later ones for their own card alone: gossip has the rest by then.
const fullSyncs = 3;
const fullSyncAgainMs = 300_000;
// A peer that dialled us speaks first; if it does not, we do.
const passiveSyncMs = 2_000;
const leaveMs = 500;
const saveMs = 30_000;

export function createCards(options: CardsOptions): Cards {
  const { host, signer, records, clock, log } = options;
  const table = createCardTable({ self: host.peer, network: host.network, clock });
  const meshSize = (): number => table.size + 1;
  const own = createOwnCard({ network: host.network, signer, facts: options.facts, meshSize, clock });
  const stopping = new AbortController();
  const schemas = createSchemaCache(options.schemaText, (peer, hash, signal) =>
    askForCards(host, peer, { schemas: [hash] }, signal).then((answer) => answer.schemas.get(hash)),
  );
  const unsaved = new Set<PeerIdText>();
  const cleanUp: (() => void)[] = [];
  let syncs = 0;
  let lastFullSync = -Infinity;

  const take = (signed: Uint8Array, via: Via): Taken => {
    const taken = table.take(signed, via);
    if (taken.verdict === "own" && taken.seq !== undefined) own.outdo(taken.seq);
    if ((taken.verdict === "new" || taken.verdict === "left") && taken.peer !== undefined)
      unsaved.add(taken.peer);
    return taken;
  };

  /** A card that came over `peer`'s connection: its own word if it is its own card, a relayed one otherwise. */
  const heard = (signed: Uint8Array, peer: PeerIdText): void => {
    const { verdict, problem } = take(signed, claimOf(signed)?.peer === peer ? "direct" : "relay");
    if (verdict === "hostile") log.warn({ peer, problem }, "peer sent a card that no honest node makes");
  };

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

  async function ask(peer: PeerIdText, known: number, signal: AbortSignal): Promise<void> {
    const answer = await askForCards(host, peer, { own: own.current(), known }, signal);
    if (answer.own !== undefined) heard(answer.own, peer);
    for (const signed of answer.known) heard(signed, peer);
  }

  async function sync(peer: PeerIdText): Promise<void> {
    if (stopping.signal.aborted) return;
    const now = clock.monotonic();
    const full = syncs < fullSyncs || now - lastFullSync > fullSyncAgainMs;
    if (full) {
      syncs++;
      lastFullSync = now;
    }
    try {
      await ask(peer, full ? limits.cardsPerSync : 0, stopping.signal);
    } catch (error) {
      // A try that brought nothing does not count, or three dead peers would leave us without a directory.
      if (full) syncs--;
      log.debug({ peer, error: String(error) }, "no cards from peer");
    }
  }

  const onIdentified = (peer: PeerIdText): void => {
    table.touch(peer);
    if (!host.speaks(peer, cardProtocol)) return;
    if (host.dialled(peer)) {
      void sync(peer);
      return;
    }
    const cancel = clock.after(passiveSyncMs, () => {
      if (table.get(peer) === undefined && host.isConnected(peer)) void sync(peer);
    });
    stopping.signal.addEventListener("abort", cancel, { once: true });
  };

  async function fetch(peer: PeerIdText, signal: AbortSignal): Promise<KnownCard> {
    const known = table.get(peer);
    if (known !== undefined && !table.isSuspect(peer)) return known;
    await ask(peer, 0, AbortSignal.any([signal, stopping.signal]));
    const fetched = table.get(peer);
    if (fetched !== undefined) return fetched;
    throw new ErrandError("PeerUnreachable", `${peer} has no valid card for the network "${host.network}"`, {
      hint: "It may belong to another network, run another version, or have a clock that is minutes off.",
      retryable: false,
    });
  }

  const liveness = lazily(() => watchLiveness({ host, table, clock, signal: stopping.signal, log }));

  async function load(): Promise<void> {
    try {
      for (const { peer, signed } of (await options.store?.load()) ?? []) {
        const { verdict } = take(signed, "stored");
        if (verdict === "new") void liveness().verify(peer);
        // Expired while we were away: marked as changed, so that the next save removes it.
        else if (table.get(peer) === undefined) unsaved.add(peer);
      }
    } catch (error) {
      log.warn({ error: String(error) }, "cards not loaded");
    }
  }

  async function save(): Promise<void> {
    const { store } = options;
    if (store === undefined || unsaved.size === 0) return;
    const peers = [...unsaved];
    unsaved.clear();
    const rows = peers.flatMap((peer) => {
      const known = table.get(peer);
      return known === undefined ? [] : [pickStored(known)];
    });
    try {
      if (rows.length > 0) await store.save(rows);
      const gone = peers.filter((peer) => table.get(peer) === undefined);
      if (gone.length > 0) await store.remove(gone);
    } catch (error) {
      log.warn({ error: String(error) }, "cards not saved");
    }
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
      searchCards(skillId, { ...search, self: host.peer, table, records, fetch, liveness: liveness() }),
    async serve() {
      await serveCards(host, {
        own: () => own.current(),
        known: () => liveCards(),
        schema: options.schemaText,
        heard,
        clock,
      });
      cleanUp.push(host.onPeer({ identified: onIdentified }));
      const watching = liveness();
      cleanUp.push(() => watching.stop());
    },
    start() {
      own.renew();
      gossip.start();
      records.provide(options.facts().skills.map(({ id }) => id));
      void load();
      const saveLater = (): void => {
        void save();
        cancelSave = clock.after(saveMs, saveLater);
      };
      let cancelSave = clock.after(saveMs, saveLater);
      cleanUp.push(() => cancelSave());
    },
    changed() {
      records.provide(options.facts().skills.map(({ id }) => id));
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
      await save();
    },
  };

  /** What is worth telling others: not suspects, the freshest first. */
  function liveCards(): Iterable<Uint8Array> {
    return [...table.all()]
      .filter(({ card }) => !table.isSuspect(card.peer))
      .toSorted((a, b) => b.heardAt - a.heardAt)
      .map(({ signed }) => signed);
  }
}

function pickStored({ card, signed }: KnownCard): StoredCard {
  return { peer: card.peer, signed, seq: card.seq, expiresAt: card.expiresAt };
}

/** `make` at the first call: nothing listens or ticks before the start. */
function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
