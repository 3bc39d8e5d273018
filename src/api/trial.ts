/** For the command line: skills tried without a node. It brings the executors along, so a command loads it when it needs it. */
export { openTrial, type Trial, type TrialInput, type TrialResult } from "../node/trial.ts";
export { casesFor, runCase, testFileOf, type CaseResult } from "../node/trial-cases.ts";
