/**
 * Which skills are known to give equal output for equal input: those whose every known provider says so, this node among
 * them. One that disagrees is enough for a no: somebody's honesty about a skill is not vouched for by somebody else.
 */
import rcompare from "semver/functions/rcompare.js";
import valid from "semver/functions/valid.js";
import type { PeerIdText } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { CardDirectory } from "../network/card.ts";
import type { OfferedSkill } from "../skills/skill.ts";

/**
 * Versions in which a deterministic skill is offered now, the newest first; undefined for every other skill. The same array
 * until something changes.
 */
export type DeterministicVersions = (skill: string) => readonly string[] | undefined;

export interface DeterminismOptions {
  local: { readonly skills: ReadonlyMap<string, OfferedSkill> };
  directory: Pick<CardDirectory, "generation" | "offering">;
  isBlocked(peer: PeerIdText): boolean;
}

/** Remembers its answers until a card comes or goes: what is asked at every submission must cost next to nothing. */
export function createDeterminism({
  local,
  directory,
  isBlocked,
}: DeterminismOptions): DeterministicVersions {
  const known = new Map<string, readonly string[] | undefined>();
  let generation = directory.generation;

  function look(skill: string): readonly string[] | undefined {
    const versions = new Set<string>();
    const own = local.skills.get(skill)?.definition;
    if (own !== undefined) {
      if (own.deterministic !== true) return undefined;
      versions.add(own.version);
    }
    for (const { card } of directory.offering(skill)) {
      if (isBlocked(card.peer)) continue;
      const offered = card.skills.find(({ id }) => id === skill);
      if (offered === undefined) continue;
      if (!offered.deterministic) return undefined;
      if (versions.size < limits.versionsRemembered && valid(offered.version) !== null)
        versions.add(offered.version);
    }
    return versions.size === 0 ? undefined : [...versions].toSorted(rcompare).slice(0, limits.cacheVersions);
  }

  return (skill) => {
    if (generation !== directory.generation) {
      generation = directory.generation;
      known.clear();
    }
    const versions = known.get(skill);
    if (versions !== undefined || known.has(skill)) return versions;
    if (known.size >= limits.routedSkills) known.clear();
    const found = look(skill);
    known.set(skill, found);
    return found;
  };
}
