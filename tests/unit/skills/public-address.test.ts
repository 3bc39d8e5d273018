import { describe, expect, test } from "vitest";
import { createAddressRules } from "../../../src/skills/public-address.ts";

describe("addresses that a skill may reach", () => {
  const rules = createAddressRules([]);

  test.each(["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001:830::200e"])(
    "%s is public",
    (address) => expect(rules.allowsAddress(address, 443)).toBe(true),
  );

  test.each([
    ["127.0.0.1", "loopback"],
    ["127.9.9.9", "loopback"],
    ["0.0.0.0", "unspecified, which is loopback on Linux"],
    ["10.1.2.3", "private"],
    ["172.16.0.1", "private"],
    ["192.168.1.1", "private"],
    ["169.254.169.254", "link-local: cloud metadata"],
    ["100.64.0.1", "carrier-grade NAT"],
    ["224.0.0.1", "multicast"],
    ["255.255.255.255", "broadcast"],
    ["198.18.0.1", "benchmarks"],
    ["192.0.2.1", "documentation"],
    ["::1", "loopback"],
    ["::", "unspecified"],
    ["fe80::1", "link-local"],
    ["fd00:ec2::254", "unique local"],
    ["fec0::1", "site-local"],
    ["ff02::1", "multicast"],
    ["::ffff:127.0.0.1", "mapped loopback"],
    ["::ffff:a00:1", "mapped private"],
    ["::127.0.0.1", "compatible loopback"],
    ["64:ff9b::7f00:1", "NAT64 of loopback"],
    ["2002:7f00:1::", "6to4 of loopback"],
    ["2001:0:7f00:1::", "Teredo"],
    ["2001:db8::1", "documentation"],
    ["4000::1", "not given out"],
    ["localhost", "no address at all"],
    ["", "nothing"],
  ])("%s is not (%s)", (address) => expect(rules.allowsAddress(address, 443)).toBe(false));

  test("the operator's exceptions hold for what they name and nothing else", () => {
    const some = createAddressRules([
      "10.1.0.0/16",
      "192.168.1.5",
      "127.0.0.1:8080",
      "[::1]:81",
      "Intranet.example:80",
    ]);
    expect(some.allowsAddress("10.1.2.3", 1)).toBe(true);
    expect(some.allowsAddress("::ffff:10.1.2.3", 1)).toBe(true);
    expect(some.allowsAddress("10.2.0.1", 1)).toBe(false);
    expect(some.allowsAddress("192.168.1.5", 9)).toBe(true);
    expect(some.allowsAddress("192.168.1.6", 9)).toBe(false);
    expect(some.allowsAddress("127.0.0.1", 8080)).toBe(true);
    expect(some.allowsAddress("127.0.0.1", 8081)).toBe(false);
    expect(some.allowsAddress("::1", 81)).toBe(true);
    expect(some.allowsHost("intranet.example", 80)).toBe(true);
    expect(some.allowsHost("intranet.example", 443)).toBe(false);
    expect(some.allowsHost("other.example", 80)).toBe(false);
  });

  test("an exception that names nothing is refused", () => {
    expect(() => createAddressRules(["http://x/"])).toThrow(TypeError);
  });
});
