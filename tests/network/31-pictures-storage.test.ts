/** Files between two peers: a real picture resized on the other one, and files kept on another's disk, from the command line. */
import { createHash, randomBytes } from "node:crypto";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { makePicture } from "../support/picture.ts";
import { until } from "../support/until.ts";
import { useMesh } from "../support/use-mesh.ts";

const story = useMesh(async (mesh) => {
  const worker = await mesh.start("worker", {
    builtinSkills: ["image.resize", "storage.put", "storage.get"],
    storage: { megabytes: 3 },
  });
  const home = await mesh.start("home", { builtinSkills: [] });
  await mesh.joined(worker, home);
  const photo = join(mesh.folder, "photo.jpg");
  await writeFile(photo, await makePicture({ width: 2_400, height: 1_600 }));
  return { worker, home, photo };
});

describe("a picture resized on another peer", () => {
  test("by the picture alone: a blob there, a blob back", async () => {
    const small = join(story.mesh.folder, "small.jpg");
    const run = await story.home.cli("run", "image.resize", `@${story.photo}`, "--save", small).done;
    expect(run.code, run.stderr).toBe(0);
    expect(await sharp(small).metadata()).toMatchObject({ format: "jpeg", width: 1_024, height: 683 });
    const [task] = (await story.home.call<{ tasks: { peer: string }[] }>("GET", "/v1/tasks")).tasks;
    expect(task?.peer).toBe(story.worker.peerId);
  });

  test("with options beside it", async () => {
    const { home, photo, mesh } = story;
    const small = join(mesh.folder, "square.webp");
    const options = ["width=200", "height=200", "fit=cover", "format=webp"].flatMap((option) => [
      "--set",
      option,
    ]);
    const run = await home.cli("run", "image.resize", `@${photo}`, ...options, "--save", small).done;
    expect(run.code, run.stderr).toBe(0);
    expect(await sharp(small).metadata()).toMatchObject({ format: "webp", width: 200, height: 200 });
  });

  test("many of them, each into a file of its own", async () => {
    const { home, photo, mesh } = story;
    const other = join(mesh.folder, "other.png");
    await writeFile(other, await makePicture({ width: 300, height: 300, format: "png" }));
    const out = join(mesh.folder, "out");
    const run = await home.cli("map", "image.resize", photo, other, "--set", "width=64", "--out", out).done;
    expect(run.code, run.stderr).toBe(0);
    expect((await readdir(out)).toSorted()).toEqual(["other.png", "photo.jpg"]);
    expect(await sharp(join(out, "photo.jpg")).metadata()).toMatchObject({ format: "jpeg", width: 64 });
  });

  test("what is no picture is told as wrong input, once", async () => {
    const { home, mesh } = story;
    const fake = join(mesh.folder, "fake.jpg");
    await writeFile(fake, randomBytes(50_000));
    const run = await home.cli("run", "image.resize", `@${fake}`, "-o", "json").done;
    expect(run.code).toBe(10);
    expect(run.json.error.code).toBe("InvalidInput");
    const field = await home.cli("run", "image.resize", `@${fake}`, "--set", "width=none", "-o", "json").done;
    expect(field.json.error.message).toContain("input.width");
  });
});

describe("files on another's disk", () => {
  test("put by one, fetched by the hash", async () => {
    const { home, mesh } = story;
    const bytes = randomBytes(1_500_000);
    const file = join(mesh.folder, "notes.bin");
    await writeFile(file, bytes);
    const put = await home.cli("run", "storage.put", `@${file}`, "-o", "json").done;
    const hash = createHash("sha256").update(bytes).digest("hex");
    expect(put.json.output).toEqual({ hash, sizeBytes: bytes.length, keptForSeconds: 7 * 86_400 });
    const back = join(mesh.folder, "back.bin");
    const get = await home.cli("run", "storage.get", "--set", `hash=${hash}`, "--save", back).done;
    expect(get.code, get.stderr).toBe(0);
    expect((await readFile(back)).equals(bytes)).toBe(true);
  });

  test("no more than the operator lends, and only what was put there", async () => {
    const { home, worker, mesh } = story;
    const large = join(mesh.folder, "large.bin");
    await writeFile(large, randomBytes(2_000_000));
    const full = await home.cli("run", "storage.put", `@${large}`, "--retries", "0", "-o", "json").done;
    expect(full.json.error).toMatchObject({ code: "LimitExceeded" });
    // It is among the worker's blobs, as the input of that task; the shelf is another place.
    const hash = createHash("sha256")
      .update(await readFile(large))
      .digest("hex");
    await until("the input is there", async () =>
      (await readdir(join(worker.dataDir, "blobs"))).includes(hash.slice(0, 2)),
    );
    const missing = await home.run({ skill: "storage.get", input: { hash }, retries: 0 });
    expect(missing).toMatchObject({ status: "failed", error: { code: "SkillFailed" } });
  });
});
