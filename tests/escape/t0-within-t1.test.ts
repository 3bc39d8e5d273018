import { describe, test } from "vitest";
import { tierOne } from "../support/tier-one.ts";
import { attackT0 } from "./t0-attacks.ts";

const { missing } = await tierOne();

describe.skipIf(missing !== undefined)("escape from T0, within T1, in a node", () =>
  attackT0({ alone: false }),
);
describe.skipIf(missing === undefined)(`T0 within T1: left out, ${missing}`, () =>
  test("all of it", () => {}),
);
