/** How a container gets the GPUs that its run holds, in the words of the engine's API. Pure. */
import { ErrandError } from "../../core/errors.ts";
import type { GpuDevice } from "../gpus.ts";

/** A part of the engine's `HostConfig`; nothing for no devices. Throws `SkillFailed` for what the engine cannot hand on. */
export function gpuConfig(devices: readonly GpuDevice[], podman: boolean): object {
  const ids = devices.flatMap((device) => (device.kind === "nvidia" ? [device.id] : []));
  const paths = devices.flatMap((device) => (device.kind === "nodes" ? device.paths : []));
  const groups = devices.flatMap((device) => (device.kind === "nodes" ? device.groups : []));
  if (devices.some(({ kind }) => kind === "whole"))
    throw cannot("this machine's GPU is no device of its own");
  // It takes such a request, and ignores it: the run would be without a GPU and not know.
  if (podman && ids.length > 0) throw cannot("Podman's API hands no GPU of NVIDIA's to a container");
  return {
    ...(ids.length > 0 && { DeviceRequests: [{ Driver: "", DeviceIDs: ids, Capabilities: [["gpu"]] }] }),
    ...(paths.length > 0 && {
      Devices: [...new Set(paths)].map((path) => ({
        PathOnHost: path,
        PathInContainer: path,
        CgroupPermissions: "rw",
      })),
    }),
    ...(groups.length > 0 && { GroupAdd: [...new Set(groups)].map(String) }),
  };
}

function cannot(why: string): ErrandError {
  return new ErrandError("SkillFailed", `its container cannot be given a GPU: ${why}`, { retryable: false });
}
