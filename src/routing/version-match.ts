/**
 * Whether a provider's version satisfies a range, remembered: a range is parsed once, not once for each of a thousand
 * candidates. Versions come from cards, so the memory is bounded and an unreadable version satisfies nothing.
 */
import satisfies from "semver/functions/satisfies.js";
import { limits } from "../core/limits.ts";

export interface VersionMatch {
  (version: string): boolean;
}

export const anyVersion: VersionMatch = () => true;

export class VersionMatches {
  readonly #ranges = new Map<string, VersionMatch>();

  /** "" and "*" take any version, preview versions too; other ranges as npm reads them. */
  of(range: string): VersionMatch {
    if (range === "" || range === "*") return anyVersion;
    let match = this.#ranges.get(range);
    if (match === undefined) {
      if (this.#ranges.size >= limits.versionsRemembered) this.#ranges.clear();
      match = rememberingMatch(range);
      this.#ranges.set(range, match);
    }
    return match;
  }
}

function rememberingMatch(range: string): VersionMatch {
  const known = new Map<string, boolean>();
  let lastVersion = "";
  let lastResult = false;
  return (version) => {
    // Nearly all providers of a skill have the same version.
    if (version === lastVersion) return lastResult;
    let result = known.get(version);
    if (result === undefined) {
      if (known.size >= limits.versionsRemembered) known.clear();
      result = satisfies(version, range);
      known.set(version, result);
    }
    lastVersion = version;
    lastResult = result;
    return result;
  };
}
