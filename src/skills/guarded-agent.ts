/**
 * An undici Agent that connects to allowed addresses alone. The check stands where the connection is made: literals in the
 * connect hook, every address a name resolves to in the lookup that the socket itself uses. So redirects pass it again,
 * and a name that changes its address between check and use (DNS rebinding) gains nothing.
 */
import { lookup as systemLookup, type LookupAddress, type LookupAllOptions } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { Agent, buildConnector } from "undici";
import { ErrandError } from "../core/errors.ts";
import type { AddressRules } from "./public-address.ts";

/** Every address of a name; the system's resolver unless a test brings its own. */
export type LookupAll = (
  host: string,
  options: LookupAllOptions,
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

const connectTimeoutMs = 10_000;

function refused(host: string): ErrandError {
  return new ErrandError("InvalidInput", `${host} is not a public address`, {
    hint: "Only the operator of the node that runs this can allow it.",
  });
}

/** To be closed by whoever made it. */
export function createGuardedAgent(rules: AddressRules, lookupAll: LookupAll = systemLookup): Agent {
  const lookupFor =
    (port: number): LookupFunction =>
    (host, options, done) => {
      lookupAll(host, { ...options, all: true }, (error, addresses) => {
        if (error !== null) return done(error, []);
        if (!rules.allowsHost(host, port)) {
          // One private address among public ones is a trick or a mistake; both are refused.
          const wrong = addresses.find(({ address }) => !rules.allowsAddress(address, port));
          if (wrong !== undefined) return done(refused(`${host} (${wrong.address})`), []);
        }
        const first = addresses[0];
        if (first === undefined) return done(new Error(`${host} has no address`), []);
        if (options.all === true) return done(null, addresses);
        done(null, first.address, first.family);
      });
    };
  return new Agent({
    connect(options, done) {
      const host = options.hostname.replace(/^\[|\]$/g, "");
      const port = Number(options.port) || (options.protocol === "https:" ? 443 : 80);
      if (isIP(host) !== 0 && !rules.allowsHost(host, port) && !rules.allowsAddress(host, port)) {
        done(refused(host), null);
        return;
      }
      buildConnector({ lookup: lookupFor(port), timeout: connectTimeoutMs })(options, done);
    },
    maxHeaderSize: 16 * 1024,
  });
}
