import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fillUrl, fillValue, pointTo } from "../../../src/skills/http-template.ts";

describe("templates", () => {
  test("fields of the input, as values and in texts", () => {
    const template = {
      q: { $ref: "input.a.b" },
      text: "in ${input.city}, ${input.n}",
      list: [{ $ref: "input.list" }],
      one: 1,
    };
    const input = { a: { b: [1, 2] }, city: "Bonn", n: 3, list: { x: null } };
    expect(fillValue(template, input)).toEqual({
      q: [1, 2],
      text: "in Bonn, 3",
      list: [{ x: null }],
      one: 1,
    });
  });

  test("a reference to what is not there leaves its key out; a text that needs it is invalid input", () => {
    expect(fillValue({ a: { $ref: "input.none" }, b: 1 }, {})).toEqual({ b: 1 });
    expect(() => fillValue("${input.none}", {})).toThrow(expect.objectContaining({ code: "InvalidInput" }));
  });

  test("nothing is inherited: the input's prototype is no field", () => {
    expect(fillValue({ a: { $ref: "input.constructor" }, b: { $ref: "input.__proto__" } }, {})).toEqual({});
  });

  test("whatever the input, origin and path of the URL stay as the operator wrote them", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        let url: URL;
        try {
          url = fillUrl("https://api.example.org:8443/v1/${input.a}/items?q=${input.b}#f", { a, b });
        } catch (error) {
          expect(error).toMatchObject({ code: "InvalidInput" });
          return;
        }
        expect(url.origin).toBe("https://api.example.org:8443");
        expect(url.username).toBe("");
        expect(url.pathname.split("/")).toHaveLength(4);
        expect(decodeURIComponent(url.pathname.split("/")[2] ?? "")).toBe(a);
        expect(url.searchParams.get("q")).toBe(b);
      }),
    );
  });

  test.each([".", "..", "%2e%2E"])("a path segment %j does not lead out", (a) => {
    // What is percent-encoded in the input is encoded once more, and names nothing.
    if (a.startsWith("%")) expect(fillUrl("http://h/x/${input.a}/y", { a }).pathname).toBe("/x/%252e%252E/y");
    else expect(() => fillUrl("http://h/x/${input.a}/y", { a })).toThrow("must not hold");
  });

  test("JSON pointers", () => {
    const value = { a: [{ "b/c": { "~": 5 } }], "": 6 };
    expect(pointTo(value, "/a/0/b~1c/~0")).toBe(5);
    expect(pointTo(value, "/")).toBe(6);
    expect(pointTo(value, "")).toBe(value);
    expect(pointTo(value, "/a/length/x")).toBeUndefined();
    expect(pointTo(value, "/toString")).toBeUndefined();
  });
});
