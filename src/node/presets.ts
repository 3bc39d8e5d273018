/** Presets instead of a hundred flags: where a node listens, and whether it looks around for neighbours. */
import type { FileConfig } from "./config-file.ts";

export const PRESETS = ["local", "lan", "public"] as const;
export type Preset = (typeof PRESETS)[number];

const port = 4781;

function listenOn(ip: string): string[] {
  return [`/ip4/${ip}/tcp/${port}`, `/ip4/${ip}/tcp/${port + 1}/ws`];
}

export const presets: Record<Preset, Required<Pick<FileConfig, "listen" | "mdns">>> = {
  /** Nothing leaves this machine: the safe default. */
  local: { listen: listenOn("127.0.0.1"), mdns: false },
  /** Neighbours on the same network find each other by themselves. */
  lan: { listen: listenOn("0.0.0.0"), mdns: true },
  /** A host on the internet: multicast would tell its data centre and nobody else. */
  public: { listen: listenOn("0.0.0.0"), mdns: false },
};

export function isPreset(text: string): text is Preset {
  return (PRESETS as readonly string[]).includes(text);
}
