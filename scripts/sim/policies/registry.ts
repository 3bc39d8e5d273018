/** Every policy by its name: one for each client, and what a run has to do for them from time to time. */
import { stream } from "../random.ts";
import type { PolicyName } from "../setting.ts";
import type { World } from "../world.ts";
import { EigenTrust } from "./eigentrust.ts";
import { errandPolicy } from "./errand.ts";
import { c3Policy, leastLatencyPolicy } from "./least-latency.ts";
import type { Policy, PolicyContext } from "./policy.ts";
import { prequalPolicy } from "./prequal.ts";
import { heartbeatPolicy, randomPolicy, roundRobinPolicy } from "./simple.ts";

export interface Policies {
  client(context: PolicyContext): Policy;
  /** Called whenever peers tell one another what they think of others. */
  round?(): void;
}

export function createPolicies(name: PolicyName, world: World): Policies {
  switch (name) {
    case "errand":
      return { client: errandPolicy };
    case "random":
      return { client: randomPolicy };
    case "round-robin":
      return { client: roundRobinPolicy };
    case "least-latency":
      return { client: leastLatencyPolicy };
    case "heartbeat":
      return { client: heartbeatPolicy };
    case "prequal":
      return { client: prequalPolicy };
    case "c3":
      return { client: c3Policy };
    case "eigentrust-.1":
      return eigenTrust(world, 0.1);
    case "eigentrust-.5":
      return eigenTrust(world, 0.5);
  }
}

function eigenTrust(world: World, a: number): Policies {
  const all = new EigenTrust(world, a, stream(world.setting.seed, "eigentrust"));
  return { client: (context) => all.client(context), round: () => all.compute() };
}
