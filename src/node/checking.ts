/** How results are verified unless a task says so itself, as the operator writes it and as the node needs it. */
import type { VerificationSettings } from "../tasks/verification/verification.ts";
import type { Preset } from "./presets.ts";

export interface VerificationFile {
  mode?: "off" | "adaptive";
  canariesPerHour?: number;
  anchorPin?: number;
}

export interface VerificationConfig extends VerificationSettings {
  /** A peer pinned at least so high is an anchor: what it answers is taken for the truth. */
  anchorPin: number;
}

export const verificationSchema = {
  type: "object",
  additionalProperties: false,
  properties: {
    mode: { enum: ["off", "adaptive"] },
    canariesPerHour: { type: "integer", minimum: 0, maximum: 3_600 },
    anchorPin: { type: "number", minimum: 0.5, maximum: 1 },
  },
};

const canariesPerHour = 30;

/** Among machines of one's own nobody lies: checking would be work for nothing. On the internet it is the default. */
export function verificationSettings(file: VerificationFile = {}, preset: Preset): VerificationConfig {
  const mode = file.mode ?? (preset === "public" ? "adaptive" : "off");
  return {
    mode,
    canariesPerHour: file.canariesPerHour ?? (mode === "off" ? 0 : canariesPerHour),
    anchorPin: file.anchorPin ?? 0.9,
  };
}
