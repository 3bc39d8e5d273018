/** The doctor's checks, in order from the machine to the network. Each reads and changes nothing. */
import { fine, type DoctorContext, type Finding } from "./finding.ts";
import { checkClock, checkDatabase, checkDataFolder, checkIdentity } from "./data-folder.ts";
import { checkTier } from "./sandbox.ts";
import { checkBootstrap, checkConfiguration, checkNode, checkPorts } from "./node.ts";

interface Check {
  name: string;
  run: (context: DoctorContext) => Promise<Finding>;
}

export const checks: readonly Check[] = [
  { name: "Node.js", run: async () => fine(`${process.version} on ${process.platform}/${process.arch}`) },
  { name: "clock", run: checkClock },
  { name: "data folder", run: checkDataFolder },
  { name: "identity", run: checkIdentity },
  { name: "database", run: checkDatabase },
  { name: "configuration", run: checkConfiguration },
  { name: "sandbox T0", run: checkTier("T0") },
  { name: "sandbox T1", run: checkTier("T1") },
  { name: "sandbox T2", run: checkTier("T2") },
  { name: "ports", run: checkPorts },
  { name: "node", run: checkNode },
  { name: "bootstrap peers", run: checkBootstrap },
];
