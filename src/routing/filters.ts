/**
 * Who cannot take a task at all, and the sentence that says why. Filtering yields a number for each candidate; the
 * sentence is made only for the few that a decision shows.
 */
import type { Requirements } from "../network/messages.ts";
import type { Candidate, RoutingRequest } from "./candidate.ts";
import { leastRunMs, rttAt } from "./metrics.ts";
import type { Prospect } from "./prospects.ts";
import { anyVersion } from "./version-match.ts";
import type { VersionMatch } from "./version-match.ts";

export const Refusal = {
  none: 0,
  notTarget: 1,
  blocked: 2,
  version: 3,
  requirements: 4,
  price: 5,
  excluded: 6,
  trust: 7,
  deadline: 8,
  ejected: 9,
  avoided: 10,
  // The rest could have done it.
  outsideBand: 11,
  notDrawn: 12,
  /** It is in the order. */
  drawn: 13,
} as const;

/**
 * The first hard filter that refuses the prospect, or `Refusal.none`. A task that names its peer leaves only what the peer
 * can do, the block list and the price: whom to trust, and to try again, is then the user's decision, but a
 * limit on money holds whoever is paid.
 */
export function hardRefusal(
  prospect: Prospect,
  request: RoutingRequest,
  matches: VersionMatch,
  now: number,
): number {
  const { candidate } = prospect;
  if (request.peer !== undefined && candidate.peer !== request.peer) return Refusal.notTarget;
  if (candidate.blocked) return Refusal.blocked;
  if (!matches(candidate.skillVersion)) return Refusal.version;
  if (!meetsAll(candidate, request.requirements)) return Refusal.requirements;
  if (request.maxPrice !== undefined && !candidate.local && candidate.price > request.maxPrice)
    return Refusal.price;
  if (request.peer !== undefined) return Refusal.none;
  if (request.exclude.size > 0 && request.exclude.has(candidate.peer)) return Refusal.excluded;
  if (trustOf(prospect) < request.minTrust) return Refusal.trust;
  if (isTooSlow(prospect, request.timeoutMs, now)) return Refusal.deadline;
  return Refusal.none;
}

/**
 * What `minTrust` is held against: the lower bound of what is known, or the operator's word where that is more and no proved
 * lie speaks against it.
 */
function trustOf({ standing, candidate }: Prospect): number {
  const { pin } = candidate;
  return pin !== undefined && pin > standing.lower && !standing.lied ? pin : standing.lower;
}

/** Whether the task takes anybody that it may trust and that is in time, as most do: the columns of a lineup tell who that is. */
export function isEasy({ peer, maxPrice, requirements }: RoutingRequest, matches: VersionMatch): boolean {
  if (peer !== undefined || maxPrice !== undefined || matches !== anyVersion) return false;
  for (const key in requirements) {
    if (requirements[key as keyof Requirements] !== undefined) return false;
  }
  return true;
}

const gigabyte = 1e9;

// A gigabyte is 10^9: a "4 GB" machine keeps a part of its 4 GiB for itself and must still count as one.
function meetsAll(candidate: Candidate, r: Requirements): boolean {
  const { resources } = candidate;
  if (r.minCpuCores !== undefined && !(resources.cpuCores >= r.minCpuCores)) return false;
  if (r.minMemoryGb !== undefined && !(resources.memoryBytes >= r.minMemoryGb * gigabyte)) return false;
  if (r.minStorageGb !== undefined && !(resources.storageBytes >= r.minStorageGb * gigabyte)) return false;
  if (r.gpu === true && resources.gpus.length === 0) return false;
  if (r.internet === true && !resources.internet) return false;
  if (r.platform !== undefined && resources.platform !== r.platform) return false;
  if (r.role !== undefined && candidate.role !== r.role) return false;
  return r.tags === undefined || r.tags.every((tag) => candidate.tags.includes(tag));
}

/** The least an attempt there can take, as far as was measured; 0 when nothing was, so only `timeoutMs` ≤ 0 is refused. */
function leastTimeMs(prospect: Prospect, now: number): number {
  const rttMs = prospect.candidate.local ? 0 : Math.max(0, rttAt(prospect.metrics, now));
  return rttMs + leastRunMs(prospect.service);
}

function isTooSlow(prospect: Prospect, timeoutMs: number, now: number): boolean {
  // A peak only decays: when even the peak is soon enough, its decay need not be computed for each of a thousand peers.
  if (Math.max(0, prospect.metrics.rttMs) + leastRunMs(prospect.service) < timeoutMs) return false;
  return leastTimeMs(prospect, now) >= timeoutMs;
}

/** Each unmet requirement with both numbers. */
function unmet(candidate: Candidate, r: Requirements): string {
  const { resources } = candidate;
  const parts: string[] = [];
  const least = (what: string, wanted: number | undefined, has: number, unit: string): void => {
    if (wanted !== undefined && !(has >= wanted))
      parts.push(`needs ${wanted}${unit} ${what}, has ${shortNumber(has)}${unit === "" ? "" : unit}`);
  };
  least("CPU cores", r.minCpuCores, resources.cpuCores, "");
  least("of memory", r.minMemoryGb, resources.memoryBytes / gigabyte, " GB");
  least("of storage", r.minStorageGb, resources.storageBytes / gigabyte, " GB");
  if (r.gpu === true && resources.gpus.length === 0) parts.push("needs a GPU, has none");
  if (r.internet === true && !resources.internet) parts.push("needs internet access, has none");
  if (r.platform !== undefined && resources.platform !== r.platform)
    parts.push(`needs platform ${r.platform}, has ${resources.platform || "none given"}`);
  if (r.role !== undefined && candidate.role !== r.role)
    parts.push(`needs role ${r.role}, has ${candidate.role || "none"}`);
  const missing = (r.tags ?? []).filter((tag) => !candidate.tags.includes(tag));
  if (missing.length > 0) parts.push(`lacks ${missing.length === 1 ? "tag" : "tags"} ${missing.join(", ")}`);
  return parts.join("; ");
}

function shortNumber(value: number): string {
  return String(Number(value.toFixed(2)));
}

const ms = (value: number): string =>
  value >= 1_000 ? `${shortNumber(value / 1_000)} s` : `${Math.ceil(value)} ms`;

/** Why the prospect was not taken; "" if it was. `bandFloor`: least trust of the band of this decision. */
export function refusalSentence(
  refusal: number,
  prospect: Prospect,
  request: RoutingRequest,
  bandFloor: number,
  now: number,
): string {
  const { candidate, metrics, standing } = prospect;
  switch (refusal) {
    case Refusal.notTarget:
      return "not the peer that the task names";
    case Refusal.blocked:
      return "blocked by the operator";
    case Refusal.version:
      return `offers version ${candidate.skillVersion}, the task needs ${request.skillVersion}`;
    case Refusal.requirements:
      return unmet(candidate, request.requirements);
    case Refusal.price:
      return `costs ${shortNumber(candidate.price)} credits, the limit is ${shortNumber(request.maxPrice ?? 0)}`;
    case Refusal.excluded: {
      const said = request.said?.get(candidate.peer);
      return said === undefined ? "tried already for this task" : `said ${said}`;
    }
    case Refusal.trust:
      return `trust is at least ${standing.lower.toFixed(2)}, the task needs ${request.minTrust.toFixed(2)}`;
    case Refusal.deadline:
      return request.timeoutMs <= 0
        ? "no time is left for an attempt"
        : `takes at least ${ms(leastTimeMs(prospect, now))}, ${ms(request.timeoutMs)} are left`;
    case Refusal.ejected:
      return now < metrics.ejectedUntil
        ? `lost ${metrics.failures} times in a row, left alone for another ${ms(metrics.ejectedUntil - now)}`
        : `lost ${metrics.failures} times in a row, one attempt is trying it again`;
    case Refusal.avoided:
      return `asked to be left alone for another ${ms(Math.max(0, metrics.avoidUntil - now))}`;
    case Refusal.outsideBand:
      return `trust of at least ${standing.lower.toFixed(2)} is below the ${bandFloor.toFixed(2)} of the trusted peers`;
    case Refusal.notDrawn:
      return "could have done it, was not drawn this time";
    default:
      return "";
  }
}
