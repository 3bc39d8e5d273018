import { describe, expect, test } from "vitest";
import { outputName, uniqueNames } from "../../../bin/output-files.ts";

describe("names of outputs", () => {
  test.each([
    ["photo.jpg", "image/jpeg", "photo.jpg"],
    ["photo.JPEG", "image/jpeg", "photo.JPEG"],
    ["photo.jpg", "image/webp", "photo.jpg.webp"],
    ["notes.md", "application/json", "notes.md.json"],
    ["list.json", "application/json", "list.json.json"],
    ["disk.img", "application/x-strange; a=b", "disk.img.bin"],
  ])("%s as %s is %s", (name, type, expected) => expect(outputName(name, type)).toBe(expected));

  test("files of one name in two folders get two", () => {
    expect(uniqueNames(["a/x.jpg", "b/x.jpg", "c/x.jpg", "x"])).toEqual(["x.jpg", "x-2.jpg", "x-3.jpg", "x"]);
  });
});
