/** A mesh for the tests of one file: made before them, ended after them, and its nodes' words shown when one fails. */
import { afterAll, afterEach, beforeAll } from "vitest";
import { createMesh, type Mesh } from "./mesh.ts";

/** `build` starts the nodes; what it returns is there when the first test runs. */
export function useMesh<T extends object>(build: (mesh: Mesh) => Promise<T>): T & { mesh: Mesh } {
  const made = {} as T & { mesh: Mesh };

  beforeAll(async () => {
    made.mesh = await createMesh();
    try {
      Object.assign(made, await build(made.mesh));
    } catch (error) {
      process.stderr.write(`${made.mesh.log()}\n`);
      throw error;
    }
  }, 90_000);

  afterEach(({ task }) => {
    if (task.result?.state === "fail") process.stderr.write(`${made.mesh.log()}\n`);
  });

  afterAll(() => made.mesh?.close(), 30_000);

  return made;
}
