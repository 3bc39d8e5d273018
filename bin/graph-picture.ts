/**
 * A graph as lines of text, as `git log --graph` draws history: each node on a line of its own, its dependents below it, and
 * a lane for each dependency that is still open.
 */

export interface DrawnNode {
  id: string;
  /** Before it in the list. */
  needs: readonly string[];
  label: string;
}

// More lanes than this are no picture any more.
const widest = 24;

/** `nodes` in an order in which they can run. Undefined when it would be too wide to be read. */
export function drawGraph(nodes: readonly DrawnNode[]): string[] | undefined {
  const dependents = new Map<string, string[]>(nodes.map(({ id }) => [id, []]));
  for (const { id, needs } of nodes) for (const need of needs) dependents.get(need)?.push(id);
  // What each lane leads to.
  const lanes: (string | undefined)[] = [];
  const lines: string[] = [];

  for (const { id, label } of nodes) {
    const incoming = lanes.flatMap((target, lane) => (target === id ? [lane] : []));
    const own = incoming[0] ?? freeLane(lanes, 0);
    const merged = incoming.slice(1);
    if (merged.length > 0) lines.push(connect(lanes, own, merged, "╯", "┴"));
    for (const lane of merged) lanes[lane] = undefined;
    lanes[own] = id;
    trim(lanes);
    const row = lanes.map((target, lane) => (lane === own ? "●" : target === undefined ? " " : "│"));
    lines.push(`${row.join(" ")} ${label}`);

    const [first, ...others] = dependents.get(id) ?? [];
    lanes[own] = first;
    const opened = others.map((dependent) => {
      const lane = freeLane(lanes, own + 1);
      lanes[lane] = dependent;
      return lane;
    });
    if (lanes.length > widest) return undefined;
    if (opened.length > 0) lines.push(connect(lanes, own, opened, "╮", "┬"));
    trim(lanes);
  }
  return lines;
}

function freeLane(lanes: (string | undefined)[], from: number): number {
  for (let lane = from; lane < lanes.length; lane++) if (lanes[lane] === undefined) return lane;
  lanes.push(undefined);
  return Math.max(from, lanes.length - 1);
}

function trim(lanes: (string | undefined)[]): void {
  while (lanes.length > 0 && lanes.at(-1) === undefined) lanes.pop();
}

/** A line from `own` to lanes at its right. */
function connect(
  lanes: readonly (string | undefined)[],
  own: number,
  others: readonly number[],
  corner: string,
  tee: string,
): string {
  const last = Math.max(...others);
  let line = "";
  for (let lane = 0; lane < lanes.length; lane++) {
    const open = lanes[lane] !== undefined;
    if (lane === own) line += "├─";
    else if (lane === last) line += `${corner} `;
    else if (lane > own && lane < last) line += others.includes(lane) ? `${tee}─` : open ? "┼─" : "──";
    else line += open ? "│ " : "  ";
  }
  return line.trimEnd();
}
