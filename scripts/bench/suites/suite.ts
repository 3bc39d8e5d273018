/** What a benchmark is, and the list of them: a new one is a file in this folder and a line here. */
import { delegation } from "./delegation.ts";
import { engine } from "./engine.ts";
import { execution } from "./execution.ts";
import { routing } from "./routing.ts";
import { store } from "./store.ts";

export interface SuiteOptions {
  /** Fewer and shorter measurements: figures that say whether something broke, not by how much. */
  quick: boolean;
  /** Progress, for people. */
  say(line: string): void;
}

export interface SuiteResult {
  tables: Table[];
  promises: Promised[];
  /** For the JSON file. */
  figures: unknown;
}

export interface Table {
  title: string;
  head: string[];
  /** The first column is text, the rest are figures. */
  rows: string[][];
}

/** Something the project promises, and whether this run kept it. */
export interface Promised {
  text: string;
  value: number;
  kept: boolean;
}

export interface Suite {
  name: string;
  run(options: SuiteOptions): Promise<SuiteResult>;
}

export const suites: readonly Suite[] = [delegation, engine, execution, routing, store];
