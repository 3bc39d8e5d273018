/**
 * Cleans up after a node that was killed: a shell that waits for the node's end of a pipe to close, and then ends the process
 * groups and removes the folders and cgroups of the runs that were under way. A node that stops in order tells it of
 * nothing, and it goes too. POSIX only; elsewhere nothing watches, and the next start sweeps the folders.
 */
import { spawn, type ChildProcess } from "node:child_process";

export interface Guarded {
  /** Leader of the process group to end. */
  group?: number;
  /** Absolute paths of folders to remove with what is in them. */
  folders?: readonly string[];
  /** Absolute paths of cgroup folders: emptied of processes, then removed. */
  cgroups?: readonly string[];
}

export interface Janitor {
  /** From now on until the returned function is called. */
  guard(what: Guarded): () => void;
  /** Tolerates never-started and closed-twice. */
  close(): void;
}

// One line for each thing: what to do with it, its number, and what it is. Paths are hexadecimal, so that no name of one
// can be read as anything else; printf turns them back.
const script = `
n=0
while read -r op id kind what; do
  case $op in
    +) eval "k_$id=\\$kind w_$id=\\$what"; all="$all $id" ;;
    -) eval "unset k_$id w_$id"
       n=$((n+1))
       if [ $n -ge 64 ]; then n=0; kept=; for i in $all; do eval "k=\\$k_$i"; [ -n "$k" ] && kept="$kept $i"; done; all=$kept; fi ;;
  esac
done
for i in $all; do
  eval "k=\\$k_$i w=\\$w_$i"
  [ "$k" = group ] && kill -s KILL -- "-$w" 2>/dev/null
done
sleep 0.2
for i in $all; do
  eval "k=\\$k_$i w=\\$w_$i"
  case $k in
    folder) rm -rf -- "$(printf "$w")" ;;
    cgroup) d=$(printf "$w")
      [ -e "$d/cgroup.kill" ] && echo 1 > "$d/cgroup.kill"
      for try in 1 2 3 4 5 6 7 8 9 10; do
        while read -r p; do kill -s KILL "$p" 2>/dev/null; done < "$d/cgroup.procs"
        rmdir "$d" 2>/dev/null && break
        sleep 0.1
      done ;;
  esac
done
`;

export function createJanitor(): Janitor {
  let shell: ChildProcess | undefined;
  let closed = false;
  let last = 0;

  function tell(line: string): void {
    if (closed || process.platform === "win32") return;
    if (shell === undefined) {
      // Detached: a signal to the node's group must not end who cleans up after it.
      shell = spawn("/bin/sh", ["-c", script], {
        stdio: ["pipe", "ignore", "ignore"],
        detached: true,
        env: { PATH: "/usr/bin:/bin" },
        cwd: "/",
      });
      shell.on("error", () => (closed = true));
      shell.stdin?.on("error", () => {});
      shell.unref();
      (shell.stdin as unknown as { unref?: () => void }).unref?.();
    }
    shell.stdin?.write(`${line}\n`);
  }

  return {
    guard({ group, folders = [], cgroups = [] }) {
      const ids: number[] = [];
      const add = (kind: string, what: string): void => {
        last += 1;
        ids.push(last);
        tell(`+ ${last} ${kind} ${what}`);
      };
      if (group !== undefined) add("group", String(group));
      for (const folder of folders) add("folder", escaped(folder));
      for (const cgroup of cgroups) add("cgroup", escaped(cgroup));
      return () => {
        for (const id of ids.splice(0)) tell(`- ${id}`);
      };
    },
    close() {
      closed = true;
      shell?.stdin?.end();
    },
  };
}

/** Runs something that may make `folder`; whoever made it removes it, and the janitor does where nobody can any more. */
export async function guarding<T>(janitor: Janitor, folder: string, run: () => Promise<T>): Promise<T> {
  const release = janitor.guard({ folders: [folder] });
  try {
    return await run();
  } finally {
    release();
  }
}

/** Each byte as an octal escape of printf(1). */
function escaped(path: string): string {
  return [...Buffer.from(path)].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
}
