/**
 * A process of the benchmark: one side of one contender. `node peer.ts CONTENDER serve|connect [ADDRESS]`, started by
 * peers.ts, which asks it things over the channel between them and whose end is its end.
 */
import { contenders, type ContenderName } from "./contenders/contender.ts";
import { drive } from "./measure.ts";
import type { FromPeer, ToPeer } from "./peers.ts";

const [name, role, address = ""] = process.argv.slice(2);
const contender = await contenders[name as ContenderName]();
const say = (message: FromPeer): void => void process.send?.(message);

// Whatever happens to the benchmark, nothing of it stays behind.
process.on("disconnect", () => process.exit(1));

async function leave(stop: () => Promise<void>): Promise<void> {
  // A node that does not end by itself is no part of what is measured.
  const late = setTimeout(() => process.exit(1), 5_000);
  await stop();
  clearTimeout(late);
  process.exit(0);
}

const cpuUs = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

if (role === "serve") {
  const serving = await contender.serve();
  process.on("message", (message: ToPeer) => {
    if (message.kind === "cpu") say({ kind: "cpu", cpuUs: cpuUs() });
    else if (message.kind === "stop") void leave(() => serving.stop());
  });
  say({ kind: "ready", address: serving.address });
} else {
  const requesting = await contender.connect(address);
  // The first answer proves that all works, and waits for whatever has to be found first.
  await requesting.request();
  process.on("message", (message: ToPeer) => {
    if (message.kind === "stop") void leave(() => requesting.stop());
    if (message.kind !== "drive") return;
    drive(() => requesting.request(), message.inFlight, message.forMs).then(
      (sample) => say({ kind: "sample", sample }),
      (error: unknown) => say({ kind: "failed", message: String(error) }),
    );
  });
  say({ kind: "ready", address: "" });
}
