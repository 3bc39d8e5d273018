/** The container executor with a real Podman, which speaks Docker's API with an accent. */
import { describe } from "vitest";
import { containerContract } from "./container-contract.ts";

describe("containers of Podman", () => containerContract("podman"));
