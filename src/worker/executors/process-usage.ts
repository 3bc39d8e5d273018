/** What /proc says of a process, on Linux: Node gives no usage of its children. */

/** Clock ticks of /proc/PID/stat: USER_HZ is 100 on every Linux that Node runs on. */
const tickMs = 10;

/** utime, stime and those of the children it waited for: fields 14 to 17 of proc(5), counted after the name's bracket. */
export function cpuMsOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return Number.isFinite(ticks) ? ticks * tickMs : 0;
}

/** VmHWM, "high water mark" of resident memory, in KiB there. */
export function peakOf(status: string): number {
  const found = /^VmHWM:\s+(\d+) kB/m.exec(status);
  return found === null ? 0 : Number(found[1]) * 1024;
}
