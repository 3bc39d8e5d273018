/** `find`: providers of a skill as they become known, from the cards at hand and then from the DHT. */
import type { PeerIdText } from "../core/ids.ts";
import type { KnownCard } from "./card.ts";
import type { CardTable } from "./card-table.ts";
import type { SkillRecords } from "./dht/skill-records.ts";
import type { Liveness } from "./liveness.ts";

// Dials and fetches under way for one search.
const parallel = 8;

export async function* searchCards(
  skillId: string,
  options: {
    signal: AbortSignal;
    limit?: number;
    self: PeerIdText;
    table: CardTable;
    records: SkillRecords;
    liveness: Liveness;
    fetch(peer: PeerIdText, signal: AbortSignal): Promise<KnownCard>;
  },
): AsyncGenerator<KnownCard> {
  const { table, records, liveness, limit = Infinity } = options;
  const done = new AbortController();
  const signal = AbortSignal.any([options.signal, done.signal]);
  const seen = new Set<PeerIdText>([options.self]);
  const ready: KnownCard[] = [];
  let pending = 0;
  let wake = Promise.withResolvers<void>();
  // Through a function: the linter, and a reader, cannot see otherwise that others change the number meanwhile.
  const busy = (): boolean => pending > parallel && !signal.aborted;
  const settle = (): void => {
    wake.resolve();
    wake = Promise.withResolvers<void>();
  };

  /** Follows one lead; what comes of it is yielded below. */
  const follow = (lead: Promise<KnownCard | undefined>): void => {
    pending++;
    lead
      .then(
        (known) => known !== undefined && offers(known, skillId) && ready.push(known),
        // Not reachable: left out.
        () => {},
      )
      .finally(() => {
        pending--;
        settle();
      });
  };

  /** The peer's card if it is there. */
  const checked = async (peer: PeerIdText): Promise<KnownCard | undefined> =>
    (await liveness.isThere(peer)) ? table.get(peer) : undefined;

  const search = async (): Promise<undefined> => {
    for await (const peer of records.findProviders(skillId, signal, limit)) {
      if (seen.has(peer)) continue;
      seen.add(peer);
      while (busy()) await wake.promise;
      follow(table.get(peer) === undefined ? options.fetch(peer, signal) : checked(peer));
    }
    return undefined;
  };

  let yielded = 0;
  try {
    for (const { card } of table.offering(skillId)) {
      seen.add(card.peer);
      follow(checked(card.peer));
    }
    follow(search());
    options.signal.addEventListener("abort", settle, { once: true });
    while (!options.signal.aborted && yielded < limit) {
      const known = ready.shift();
      if (known !== undefined) {
        yielded++;
        yield known;
      } else if (pending === 0) {
        return;
      } else {
        await wake.promise;
      }
    }
  } finally {
    options.signal.removeEventListener("abort", settle);
    done.abort();
    settle();
  }
}

function offers({ card }: KnownCard, skillId: string): boolean {
  return card.skills.some(({ id }) => id === skillId);
}
