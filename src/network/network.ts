/**
 * The node's network as one thing: the host and what stands on it (cards, skill records, blobs), started and stopped in order.
 * It decides nothing; task sessions are added beside it with `network.host`.
 */
import type { BlobHash } from "../core/body.ts";
import { systemClock } from "../core/clock.ts";
import type { PeerIdText } from "../core/ids.ts";
import type { CardDirectory } from "./card.ts";
import type { CardStore } from "./card-persistence.ts";
import { createCards } from "./cards.ts";
import { createSkillRecords } from "./dht/skill-records.ts";
import { createHost, type Host, type HostOptions } from "./host.ts";
import type { CardFacts } from "./own-card.ts";
import { serveBlobs, type BlobSource } from "./protocols/blob.ts";

export interface NetworkOptions extends HostOptions {
  /** What this node says of itself, with the load of the moment. Its addresses are added here. */
  facts: () => Omit<CardFacts, "addresses">;
  /** JSON text of a schema of this node's own skills, by SHA-256. */
  schemaText: (hash: string) => string | undefined;
  cardStore?: CardStore;
  blobs: BlobSource;
  /** Whether a peer may read a blob. */
  mayRead: (peer: PeerIdText, hash: BlobHash) => boolean;
}

export interface Network {
  readonly host: Host;
  readonly cards: CardDirectory;
  /** Throws `InvalidConfig` if an address cannot be listened on. */
  start(): Promise<void>;
  /** Says goodbye first. Bounded in time. Tolerates never-started and stopped-twice. */
  stop(): Promise<void>;
  /** Skills or load have changed. Cheap: many changes make one card. */
  publish(): void;
}

/** Nothing listens before `start()`. Throws `InvalidConfig`. */
export async function createNetwork(options: NetworkOptions): Promise<Network> {
  const { log, blobs, clock = systemClock, random = Math.random } = options;
  const host = await createHost(options);
  const records = createSkillRecords(host, clock, log);
  const cards = createCards({
    host,
    signer: options.identity.signer,
    records,
    facts: () => ({ ...options.facts(), addresses: host.addresses() }),
    schemaText: options.schemaText,
    ...(options.cardStore !== undefined && { store: options.cardStore }),
    clock,
    random,
    log,
  });
  const running = new AsyncDisposableStack();
  let started = false;

  return {
    host,
    cards,
    async start() {
      if (started || running.disposed) return;
      started = true;
      // Last in, first out: goodbye while connections are open, then the timers, then the host.
      running.defer(() => host.stop());
      await serveBlobs(host, blobs, options.mayRead, log);
      running.defer(() => records.stop());
      running.defer(() => cards.stop());
      try {
        await cards.serve();
        await host.start();
        cards.start();
      } catch (error) {
        await running.disposeAsync();
        throw error;
      }
      if (!running.disposed) running.defer(() => cards.leave());
    },
    stop: () => running.disposeAsync(),
    publish: () => cards.changed(),
  };
}
