/** A simulated worker: slots, a queue, and the project's own admission. Speaks of its load as a card and an answer do. */
import { admit, type Admission } from "../../src/worker/admission.ts";
import { limits } from "../../src/core/limits.ts";
import type { Load } from "../../src/network/messages.ts";

const averageWeight = 0.2;
/** Latencies are kept by requests in flight at arrival; beyond it they count as the last. */
const mostInFlight = 64;

export class WorkerModel {
  readonly slots: number;
  /** Run time against the fastest. */
  readonly speed: number;
  /** Of a slow moment; 1 most of the time. */
  slowness = 1;
  running = 0;
  readonly queue: number[] = [];
  serviceMs = 0;
  /** Tasks finished. */
  done = 0;
  /** For rivals whose probes tell it: average latency here, by requests in flight at arrival. */
  readonly #latencies = new Float64Array(mostInFlight + 1);

  constructor(slots: number, speed: number) {
    this.slots = slots;
    this.speed = speed;
  }

  load(): Load {
    return {
      running: this.running,
      slots: this.slots,
      queued: this.queue.length,
      serviceMs: this.serviceMs,
    };
  }

  get inFlight(): number {
    return this.running + this.queue.length;
  }

  admit(remainingMs: number): Admission {
    return admit({
      closing: false,
      unfit: undefined,
      slotless: false,
      running: this.running,
      slots: this.slots,
      queued: this.queue.length,
      queueLimit: limits.workerQueue,
      serviceMs: this.serviceMs,
      remainingMs,
      inFlight: 0,
      inFlightLimit: Infinity,
      rateWaitMs: 0,
    });
  }

  finished(runMs: number): void {
    this.running -= 1;
    this.done += 1;
    this.serviceMs = this.serviceMs === 0 ? runMs : this.serviceMs + averageWeight * (runMs - this.serviceMs);
  }

  /** How long a request took here that came when `inFlight` others were there. */
  observeLatency(inFlight: number, latencyMs: number): void {
    const i = Math.min(mostInFlight, inFlight);
    const old = this.#latencies[i] as number;
    this.#latencies[i] = old === 0 ? latencyMs : old + averageWeight * (latencyMs - old);
  }

  /** Expected latency of a request that comes now, from the nearest that is known; 0 when nothing is. */
  estimateMs(): number {
    const here = Math.min(mostInFlight, this.inFlight);
    for (let far = 0; far <= mostInFlight; far++) {
      const below = here - far >= 0 ? (this.#latencies[here - far] as number) : 0;
      if (below > 0) return below;
      const above = here + far <= mostInFlight ? (this.#latencies[here + far] as number) : 0;
      if (above > 0) return above;
    }
    return 0;
  }
}
