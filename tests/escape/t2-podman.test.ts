/** The same as with Docker, as far as the two engines differ. */
import { describe, test } from "vitest";
import { startTestEngine } from "../support/container-engine.ts";
import { attackT2, slowMs } from "./t2-attacks.ts";

const engine = await startTestEngine("podman");

if ("missing" in engine)
  describe.skip(`T2 of Podman: left out, ${engine.missing}`, () => test("all of it", () => {}));
else describe("T2 of Podman", { timeout: slowMs }, () => attackT2(engine));
