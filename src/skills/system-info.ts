/**
 * `system.info`: what kind of machine answers and how busy it is. No host name, user, address or path: the answer goes
 * to whoever may call the skill.
 */
import os from "node:os";
import type { Skill } from "./skill.ts";

const number = { type: "number", minimum: 0 };

// Reading the model walks every core; it does not change.
let cpuModel: string | undefined;

export const systemInfo: Skill<Record<string, never>> = {
  definition: {
    id: "system.info",
    version: "1.0.0",
    name: "System information",
    description: "Platform, cores, memory, load and uptime of the machine that runs it.",
    tags: ["diagnostics", "system"],
    input: { type: "object", properties: {}, additionalProperties: false },
    output: {
      type: "object",
      properties: {
        platform: { type: "string" },
        arch: { type: "string" },
        osRelease: { type: "string" },
        nodeVersion: { type: "string" },
        cpuModel: { type: "string" },
        cpuCores: { type: "integer", minimum: 1 },
        totalMemoryBytes: number,
        availableMemoryBytes: number,
        loadAverage: { type: "array", items: number, minItems: 3, maxItems: 3 },
        uptimeSeconds: number,
        processUptimeSeconds: number,
      },
      required: ["platform", "arch", "cpuCores", "totalMemoryBytes", "availableMemoryBytes", "loadAverage"],
      additionalProperties: false,
    },
    examples: [{}],
    idempotent: true,
    cheap: true,
  },
  run() {
    cpuModel ??= os.cpus()[0]?.model.trim() ?? "";
    return {
      platform: process.platform,
      arch: process.arch,
      osRelease: os.release(),
      nodeVersion: process.version,
      cpuModel,
      cpuCores: os.availableParallelism(),
      totalMemoryBytes: os.totalmem(),
      availableMemoryBytes: process.availableMemory(),
      loadAverage: os.loadavg(),
      uptimeSeconds: Math.round(os.uptime()),
      processUptimeSeconds: Math.round(process.uptime()),
    };
  },
};
