import { describe } from "vitest";
import { attackT0 } from "./t0-attacks.ts";

describe("escape from T0, alone", () => attackT0({ alone: true }));
