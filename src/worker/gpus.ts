/** The GPUs of this machine: their names for the card, and how a container is given one of them. */
import { readdir, readFile, stat } from "node:fs/promises";

export interface Gpu {
  /** Model, as far as it is cheap to learn. */
  name: string;
  device: GpuDevice;
}

/**
 * `nvidia`: as NVIDIA's container toolkit knows it, by UUID or by number. `nodes`: device files, and the groups that may open
 * them. `whole`: a part of the machine that cannot be handed on by itself.
 */
export type GpuDevice =
  | { kind: "nvidia"; id: string }
  | { kind: "nodes"; paths: string[]; groups: number[] }
  | { kind: "whole" };

const mostGpus = 16;

/** In an order that stays: a task is told the numbers of those that it holds. */
export async function detectGpus(): Promise<Gpu[]> {
  const [nvidia, drawing] = await Promise.all([
    nvidiaGpus("/proc/driver/nvidia/gpus"),
    renderNodes("/sys/class/drm"),
  ]);
  // NVIDIA's own driver knows its models; its cards appear as render nodes once more.
  const others = nvidia.length === 0 ? drawing : drawing.filter(({ name }) => name !== "NVIDIA GPU");
  const apple: Gpu[] =
    process.platform === "darwin" && process.arch === "arm64"
      ? [{ name: "Apple GPU", device: { kind: "whole" } }]
      : [];
  return [...nvidia, ...others, ...apple].slice(0, mostGpus);
}

/** The NVIDIA driver lists its GPUs as folders; reading them costs nothing, unlike starting nvidia-smi. */
export async function nvidiaGpus(folder: string): Promise<Gpu[]> {
  const entries = await readdir(folder).catch(() => []);
  const found = entries
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map(async (entry, number): Promise<Gpu> => {
      const text = await readFile(`${folder}/${entry}/information`, "utf8").catch(() => "");
      const field = (name: string): string | undefined =>
        new RegExp(`^${name}:\\s*(.+)$`, "m").exec(text)?.[1]?.trim();
      const uuid = field("GPU UUID");
      // Who may not know it reads question marks.
      const id = uuid === undefined || uuid.includes("?") ? String(number) : uuid;
      return { name: field("Model") ?? "NVIDIA GPU", device: { kind: "nvidia", id } };
    });
  return Promise.all(found);
}

/** By PCI vendor. Cards of virtual machines (virtio, VMware, Bochs) draw, and compute nothing. */
const vendors: Record<string, string> = {
  "0x10de": "NVIDIA GPU",
  "0x1002": "AMD GPU",
  "0x8086": "Intel GPU",
};
/** AMD's compute driver, one for all its cards. */
const kfd = "/dev/kfd";

/** Render nodes are how programs that have no screen use a GPU: the kernel lists them with the card's vendor. */
export async function renderNodes(folder: string): Promise<Gpu[]> {
  const entries = await readdir(folder).catch(() => []);
  const found = entries
    .filter((entry) => /^renderD\d+$/.test(entry))
    .toSorted()
    .map(async (entry): Promise<Gpu[]> => {
      const vendor = await readFile(`${folder}/${entry}/device/vendor`, "utf8").catch(() => "");
      const name = vendors[vendor.trim()];
      if (name === undefined) return [];
      const paths = [`/dev/dri/${entry}`, ...(name === "AMD GPU" ? [kfd] : [])];
      return [{ name, device: await deviceFiles(paths) }];
    });
  return (await Promise.all(found)).flat();
}

/** Those of `paths` that are there. */
async function deviceFiles(paths: readonly string[]): Promise<GpuDevice> {
  const files = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        ({ gid }) => ({ path, gid }),
        () => undefined,
      ),
    ),
  );
  const there = files.filter((file) => file !== undefined);
  // Nobody is to become a member of root's group.
  const groups = new Set(there.map(({ gid }) => gid).filter((gid) => gid !== 0));
  return { kind: "nodes", paths: there.map(({ path }) => path), groups: [...groups] };
}
