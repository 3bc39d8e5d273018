/**
 * Which skills that run code this node offers, by the tiers that it has. They are there from the start, since a canary takes
 * longer than a start may; when a tier turns out to be missing, what needs it is withdrawn. What needs a GPU is not offered without.
 */
import { codeSkills, commandSkill } from "../skills/code-skills.ts";
import type { OfferedSkill } from "../skills/skill.ts";
import { needsGpu } from "../worker/policy.ts";
import type { NodeConfig } from "./config.ts";
import type { Ground } from "./ground.ts";

/** `changed`: the card says something else now. */
export function offerCode(
  { worker, sandboxes, lent, resources }: Pick<Ground, "worker" | "sandboxes" | "lent" | "resources">,
  { builtinSkills, commands }: Pick<NodeConfig, "builtinSkills" | "commands">,
  changed: () => void,
): void {
  const { tiers } = sandboxes;
  const chosen = ({ definition }: OfferedSkill): boolean => builtinSkills?.includes(definition.id) ?? true;
  const possible = ({ source }: OfferedSkill): boolean => !needsGpu(source) || resources().gpus.length > 0;
  const offer = (): void => {
    worker.offerFrom("sandbox T0", tiers.has("T0") === false ? [] : codeSkills.filter(chosen));
    const served = commands.length > 0 && tiers.has("T1") !== false;
    worker.offerFrom("sandbox T1", served ? [commandSkill].filter(chosen) : []);
    worker.offerFrom("sandbox T2", tiers.has("T2") === false ? [] : lent.inContainers.filter(possible));
  };
  offer();
  // The canaries cost a second of processor time: without a use for a tier, they wait for the first task that has one.
  if (![...worker.skills.values()].some((skill) => wantsTier(skill, worker.grantOf(skill)))) return;
  tiers.start(() => {
    offer();
    changed();
  });
}

/** For a skill that other peers may send code to, and for one whose own declaration names a sandbox. */
function wantsTier({ source }: OfferedSkill, grant: { allow: unknown; runsCode: boolean }): boolean {
  if (grant.runsCode) return grant.allow !== "nobody";
  return source.kind === "container" || (source.kind === "command" && source.sandbox !== undefined);
}
