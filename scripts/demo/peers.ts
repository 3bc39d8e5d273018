/** The cast of the demo: who is in the mesh and what each offers. Whoever is killed, another offers what it did. */
import { fileURLToPath } from "node:url";
import type { FileConfig } from "../../src/node/config-file.ts";

export interface CastMember {
  name: string;
  /** Ids of built-in skills. */
  builtin: string[];
  /** Absolute paths of the operator's own. */
  own: string[];
}

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const concordance = path("./skills/concordance.ts");
const csvSummary = path("../examples/csv-summary.ts");
const markdownOutline = path("../examples/markdown-outline.yaml");

/** Offers nothing: it is whom the others join through, and the one whose work they do. */
export const home: CastMember = { name: "home", builtin: [], own: [] };

export const workers: readonly CastMember[] = [
  { name: "alder", builtin: ["text.stats", "text.keywords", "hash.file"], own: [concordance] },
  { name: "birch", builtin: ["text.stats", "text.similarity", "vector.knn"], own: [concordance, csvSummary] },
  {
    name: "cedar",
    builtin: ["text.keywords", "text.similarity", "hash.file"],
    own: [concordance, markdownOutline],
  },
  { name: "dogwood", builtin: ["text.stats", "vector.knn", "hash.file"], own: [csvSummary, markdownOutline] },
];

/** Attempts that each worker runs at once: enough for real parallel work, few enough that work waits for a slot. */
const slots = 2;

/** The configuration file of a node that is started on `bootstrap`, or alone. Ports are free ones, addresses loopback. */
export function configOf(member: CastMember, bootstrap: readonly string[]): FileConfig {
  return {
    preset: "local",
    name: member.name,
    network: "errand-demo",
    listen: ["/ip4/127.0.0.1/tcp/0"],
    bootstrap: [...bootstrap],
    api: "127.0.0.1:0",
    builtinSkills: member.builtin,
    skills: member.own,
    workerSlots: slots,
    logLevel: "info",
  };
}
