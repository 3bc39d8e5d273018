/** What the command line may ask of the machine's sandboxes without a node. Loaded when asked: it brings the executors along. */
export { checkTier, type TierName } from "../node/tier-check.ts";
