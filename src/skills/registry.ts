/**
 * The skills that come with a node, one line each. To add one: a file beside this with its definition and code, and a line
 * here. Skills that an operator may configure are made from the settings, in the node's thread and in each worker
 * thread alike, so settings are plain data.
 */
import { echo } from "./echo.ts";
import { hashFile } from "./hash-file.ts";
import { httpRequest } from "./http-request.ts";
import { nativeSkills } from "./native.ts";
import { sleep } from "./sleep.ts";
import { systemInfo } from "./system-info.ts";
import { textKeywords } from "./text-keywords.ts";
import { textSimilarity } from "./text-similarity.ts";
import { textStats } from "./text-stats.ts";
import { textSummarize } from "./text-summarize.ts";
import { vectorKnn } from "./vector-knn.ts";
import type { OfferedSkill, Skill } from "./skill.ts";

/** What an operator may set for built-in skills. Plain data: it crosses into worker threads. */
export interface SkillSettings {
  /** Exceptions for `http.request`: hosts (`intranet.example`, with `:port` if only that), addresses and CIDR ranges that it may reach although they are not public. */
  httpAllow: readonly string[];
}

export const defaultSkillSettings: SkillSettings = { httpAllow: [] };

export function builtinSkills(settings: SkillSettings = defaultSkillSettings): readonly Skill[] {
  return [
    echo,
    sleep,
    systemInfo,
    textStats,
    textKeywords,
    textSimilarity,
    textSummarize,
    vectorKnn,
    hashFile,
    ...nativeSkills,
    httpRequest({ allow: settings.httpAllow }),
  ];
}

const native: ReadonlySet<string> = new Set(nativeSkills.map(({ definition }) => definition.id));

/** The built-in skills as a node offers them. */
export function builtinOffers(settings: SkillSettings = defaultSkillSettings): OfferedSkill[] {
  return builtinSkills(settings).map(({ definition }) => ({
    definition,
    source: { kind: "builtin", id: definition.id, ...(native.has(definition.id) && { native: true }) },
  }));
}
