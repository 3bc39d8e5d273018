/**
 * From where a skill's code is (`SkillSource`) to the code, in whatever thread asks: each thread imports a module once.
 * A declared endpoint becomes code here; what has none (commands, containers) is for its own executor.
 */
import { pathToFileURL } from "node:url";
import { ErrandError } from "../core/errors.ts";
import { builtinSkills, type SkillSettings } from "./registry.ts";
import type { OfferedSkill, Skill } from "./skill.ts";

export type SkillCode = Skill<unknown>;

/** The found code is returned as it is, not as a promise, from the second call on: the node's hot path runs through here. */
export type Resolve = (offered: OfferedSkill) => SkillCode | Promise<SkillCode>;

/** A resolver with its own cache. It throws `SkillFailed` when the code is gone or no longer the version offered. */
export function createResolver(settings: SkillSettings): Resolve {
  const found = new Map<string, SkillCode>();
  return ({ definition, source }) => {
    const key = source.kind === "module" ? `${definition.id} ${source.path}` : definition.id;
    const known = found.get(key);
    if (known !== undefined) return known;
    switch (source.kind) {
      case "builtin": {
        for (const skill of builtinSkills(settings)) found.set(skill.definition.id, skill);
        const skill = found.get(source.id);
        if (skill === undefined)
          throw new ErrandError("SkillFailed", `no built-in skill is called "${source.id}"`);
        return skill;
      }
      case "module":
        return importSkill(source.path, definition.id, definition.version).then((skill) => {
          found.set(key, skill);
          return skill;
        });
      case "http":
        return import("./http-skill.ts").then(({ httpSkill }) => {
          const skill = httpSkill(definition, source.http, settings.httpAllow);
          found.set(key, skill);
          return skill;
        });
      default:
        throw new ErrandError(
          "SkillFailed",
          `"${definition.id}" is of kind ${source.kind} and has no code to import`,
        );
    }
  };
}

/** What a skill module exports: one skill, or several. Throws whatever importing it throws. */
export async function importSkills(path: string): Promise<unknown[]> {
  const module = (await import(pathToFileURL(path).href)) as { default?: unknown };
  return Array.isArray(module.default) ? (module.default as unknown[]) : [module.default];
}

async function importSkill(path: string, id: string, version: string): Promise<SkillCode> {
  const skills = (await importSkills(path)) as (SkillCode | undefined)[];
  const skill = skills.find((candidate) => candidate?.definition?.id === id);
  if (skill?.definition.version !== version || typeof skill.run !== "function") {
    throw new ErrandError("SkillFailed", `the module of "${id}" no longer holds version ${version}`, {
      hint: "Its file changed since the node started; restart the node.",
    });
  }
  return skill;
}
