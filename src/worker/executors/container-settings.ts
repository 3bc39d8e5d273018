/** What the operator says about containers, and what follows when he says nothing. Defaults deny. */

export interface ContainerSettings {
  /** The engine's Unix socket; when absent, the usual places are looked at. */
  socket?: string;
  /**
   * Images that tasks may name (`container.run`), as the engine knows them; `*` stands for any characters but a slash. None by
   * default, and then the skill is not offered. Images of declared skills need not be here.
   */
  images: readonly string[];
  /** Whether an image that is not there is fetched from its registry. */
  pull: boolean;
}

export const defaultContainerSettings: ContainerSettings = { images: [], pull: false };

/** Where engines listen: Docker's, then Podman's, of the machine and of the user. */
export function usualSockets(env: NodeJS.ProcessEnv, uid: number | undefined): string[] {
  const runtime = env["XDG_RUNTIME_DIR"] ?? (uid === undefined ? undefined : `/run/user/${uid}`);
  const named = env["DOCKER_HOST"]?.startsWith("unix://") === true ? [env["DOCKER_HOST"].slice(7)] : [];
  const own = runtime === undefined ? [] : [`${runtime}/docker.sock`, `${runtime}/podman/podman.sock`];
  return [...named, "/run/docker.sock", "/var/run/docker.sock", ...own, "/run/podman/podman.sock"];
}

/** Whether a task may name this image. A name without tag or digest means `latest`, on both sides. */
export function allowsImage(patterns: readonly string[], image: string): boolean {
  const full = withTag(image);
  return patterns.some((pattern) => {
    if (pattern === "*") return true;
    const source = withTag(pattern)
      .split("*")
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"))
      .join("[^/]*");
    return new RegExp(`^${source}$`).test(full);
  });
}

function withTag(image: string): string {
  const last = image.slice(image.lastIndexOf("/") + 1);
  return /[:@]/.test(last) || last.endsWith("*") ? image : `${image}:latest`;
}
