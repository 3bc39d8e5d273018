/**
 * Who offers a skill, in the DHT: provider records under the CID (raw, SHA-256) of `errand/skill/1:<skill id>`. A record says no
 * more than "ask this peer for its card", and may be of a dead one: it lives for five minutes, and nobody can take it back.
 */
import type { PeerInfo } from "@libp2p/interface";
import { CID } from "multiformats/cid";
import * as raw from "multiformats/codecs/raw";
import { create as createDigest } from "multiformats/hashes/digest";
import { sha256 as sha256Codec } from "multiformats/hashes/sha2";
import type { Clock } from "../../core/clock.ts";
import type { PeerIdText } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import { sha256 } from "../../core/signatures.ts";
import type { Host } from "../host.ts";

export function skillCid(skillId: string): CID {
  return CID.createV1(
    raw.code,
    createDigest(sha256Codec.code, sha256(Buffer.from(`errand/skill/1:${skillId}`))),
  );
}

export interface SkillRecords {
  /** These skills and no others, from now on, until `stop`. What the DHT forgets or never got is provided again. */
  provide(skillIds: readonly string[]): void;
  /**
   * Providers as answers come in, each once, this node left out. Ends when the query does, after `enough` and a grace time for
   * better ones, after five seconds, or with the signal; never throws.
   */
  findProviders(skillId: string, signal: AbortSignal, enough?: number): AsyncIterable<PeerIdText>;
  stop(): void;
}

// The whole enumeration takes 1 s with black-holed peers in the way; more is waiting for nothing.
const findTimeoutMs = 5_000;
const graceMs = 300;
const provideTimeoutMs = 10_000;
const retryMs = 10_000;

export function createSkillRecords(host: Host, clock: Clock, log: Log): SkillRecords {
  const stopping = new AbortController();
  const wanted = new Set<string>();
  /** Skills whose record at least one peer has taken. */
  const stored = new Set<string>();
  let working = false;
  let cancelRetry = (): void => {};

  /** Whether a peer has taken the record. */
  async function provideOne(skillId: string): Promise<boolean> {
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(provideTimeoutMs)]);
    let taken = false;
    for await (const event of host.dht.provide(skillCid(skillId), { signal })) {
      // ADD_PROVIDER has no answer: that it was sent to somebody is all there is to know.
      if (event.name === "SEND_QUERY" && event.messageName === "ADD_PROVIDER") taken = true;
    }
    return taken;
  }

  /** Provides what is missing. With nobody connected a query would only block: the next peer wakes us. */
  async function work(): Promise<void> {
    if (working || stopping.signal.aborted) return;
    working = true;
    cancelRetry();
    try {
      for (const skillId of wanted) {
        if (stored.has(skillId) || stopping.signal.aborted || host.peers().length === 0) continue;
        try {
          if (await provideOne(skillId)) stored.add(skillId);
        } catch (error) {
          log.debug({ skillId, error: String(error) }, "skill not provided yet");
        }
      }
    } finally {
      working = false;
    }
    const missing = [...wanted].some((skillId) => !stored.has(skillId));
    if (missing && !stopping.signal.aborted) cancelRetry = clock.after(retryMs, () => void work());
  }

  const stopWatching = host.onPeer({ identified: () => void work() });

  return {
    provide(skillIds) {
      for (const skillId of wanted) {
        if (skillIds.includes(skillId)) continue;
        wanted.delete(skillId);
        stored.delete(skillId);
        // Only our own copy: with others the record runs out within minutes, and a caller finds it missing on our card.
        host.dht.cancelReprovide(skillCid(skillId)).catch((error: unknown) => {
          log.debug({ skillId, error: String(error) }, "record not taken back");
        });
      }
      for (const skillId of skillIds) wanted.add(skillId);
      void work();
    },
    async *findProviders(skillId, signal, enough = Infinity) {
      if (host.peers().length === 0) return;
      const done = new AbortController();
      const all = AbortSignal.any([signal, stopping.signal, done.signal, AbortSignal.timeout(findTimeoutMs)]);
      const seen = new Set<PeerIdText>([host.peer]);
      let cancelGrace = (): void => {};
      try {
        for await (const event of host.dht.findProviders(skillCid(skillId), { signal: all })) {
          if (event.name !== "PROVIDER") continue;
          for (const provider of event.providers) {
            const peer = provider.id.toString();
            if (seen.has(peer)) continue;
            seen.add(peer);
            await learn(provider);
            yield peer;
            if (seen.size === enough + 1) cancelGrace = clock.after(graceMs, () => done.abort());
          }
        }
      } catch (error) {
        if (!all.aborted) log.debug({ skillId, error: String(error) }, "provider query failed");
      } finally {
        cancelGrace();
        done.abort();
      }
    },
    stop() {
      stopWatching();
      cancelRetry();
      stopping.abort();
      for (const skillId of wanted) host.dht.cancelReprovide(skillCid(skillId)).catch(() => {});
      wanted.clear();
    },
  };

  async function learn(provider: PeerInfo): Promise<void> {
    await host.learnAddresses(
      provider.id.toString(),
      provider.multiaddrs.map((address) => address.toString()),
    );
  }
}
