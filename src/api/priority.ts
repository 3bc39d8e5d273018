/** Names of priorities: one byte, and the names people use for parts of its range. */
import { ErrandError } from "../core/errors.ts";

export const priorityNames = {
  low: 32,
  normal: 96,
  medium: 96,
  high: 160,
  critical: 224,
  urgent: 224,
} as const;

/** 0–255 from a number or a name. Throws `InvalidInput`. */
export function parsePriority(value: number | string): number {
  const named = (priorityNames as Record<string, number>)[String(value).toLowerCase()];
  if (named !== undefined) return named;
  const number = typeof value === "string" && /^\d{1,3}$/.test(value) ? Number(value) : value;
  if (typeof number === "number" && Number.isInteger(number) && number >= 0 && number <= 255) return number;
  throw new ErrandError("InvalidInput", `"${String(value).slice(0, 64)}" is not a priority`, {
    hint: `Use a whole number from 0 to 255, or ${Object.keys(priorityNames).join(", ")}.`,
    details: { path: "priority" },
  });
}
