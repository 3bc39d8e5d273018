/** Whether this machine has a Python that the helper for skills runs on. Debian: `apt install python3`. */
import { spawnSync } from "node:child_process";

const probe = "import sys; sys.exit(sys.version_info < (3, 9))";

export const hasPython = spawnSync("python3", ["-c", probe]).status === 0;
