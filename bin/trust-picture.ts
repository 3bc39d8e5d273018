/**
 * The trust graph for people: as lines, as DOT for Graphviz, and as SVG for a browser. Peers go by the ends of their ids and by their
 * names, which strangers choose: everything is escaped for where it is written.
 */
import type { TrustGraph } from "../src/node/node.ts";
import { clean, shortPeer } from "./output.ts";

/** All skills between two peers as one edge. */
export interface DrawnEdge {
  from: string;
  to: string;
  pos: number;
  neg: number;
  skills: string[];
}

export function drawnEdges(graph: TrustGraph): DrawnEdge[] {
  const drawn = new Map<string, DrawnEdge>();
  for (const { from, to, skill, pos, neg } of graph.edges) {
    const key = `${from} ${to}`;
    const edge = drawn.get(key) ?? { from, to, pos: 0, neg: 0, skills: [] };
    edge.pos += pos;
    edge.neg += neg;
    edge.skills.push(skill);
    drawn.set(key, edge);
  }
  return [...drawn.values()];
}

type Node = TrustGraph["nodes"][number];

function labelOf({ peer, name, self }: Node): string {
  const short = shortPeer(peer);
  return clean(self ? `${short} (this node)` : name === "" ? short : `${short} ${name}`);
}

/** Thicker the more verdicts stand behind it: 0.5 to 4. */
function widthOf({ pos, neg }: DrawnEdge): number {
  return 0.5 + 3.5 * Math.min(1, Math.log2(1 + pos + neg) / Math.log2(101));
}

/** More bad than good by the weight that routing gives them. */
function isBad({ pos, neg }: DrawnEdge): boolean {
  return 4 * neg > pos;
}

/** Each peer with what it says of others, those heard most first. */
export function trustLines(graph: TrustGraph): string[] {
  const edges = drawnEdges(graph);
  const nodes = new Map(graph.nodes.map((node) => [node.peer, node]));
  const lines: string[] = [];
  for (const node of graph.nodes) {
    const facts = [
      `trust ${node.mean.toFixed(2)}`,
      `credibility ${node.credibility.toFixed(2)}`,
      `weight ${(100 * node.weight).toFixed(1)} %`,
      ...(node.pinned === null ? [] : [`pinned ${node.pinned}`]),
    ];
    lines.push(`${labelOf(node)}  ${facts.join(", ")}`);
    for (const edge of edges.filter(({ from }) => from === node.peer)) {
      const to = nodes.get(edge.to);
      const who = to === undefined ? shortPeer(edge.to) : labelOf(to);
      lines.push(`  → ${who}: ${edge.pos} good, ${edge.neg} bad at ${edge.skills.map(clean).join(", ")}`);
    }
  }
  if (graph.omitted > 0) lines.push(`… and ${graph.omitted} more`);
  return lines;
}

function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

const number = (value: number): string => value.toFixed(2);

/** https://graphviz.org/doc/info/lang.html */
export function trustDot(graph: TrustGraph): string {
  const names = new Map(graph.nodes.map(({ peer }, i) => [peer, `p${i}`]));
  const nodes = graph.nodes.map((node) => {
    const look = [
      `label=${quoted(labelOf(node))}`,
      `tooltip=${quoted(node.peer)}`,
      // Hue, saturation, value: from red to green.
      `fillcolor=${quoted(`${number(0.33 * node.mean)} 0.40 0.95`)}`,
      `penwidth=${number(node.pinned === null ? 1 : 3)}`,
      ...(node.self ? ["shape=doublecircle"] : []),
    ];
    return `  ${names.get(node.peer)} [${look.join(", ")}];`;
  });
  const edges = drawnEdges(graph)
    .filter(({ from, to }) => names.has(from) && names.has(to))
    .map((edge) => {
      const look = [
        `penwidth=${number(widthOf(edge))}`,
        `color=${isBad(edge) ? "red" : "darkgreen"}`,
        `tooltip=${quoted(`${edge.pos} good, ${edge.neg} bad at ${edge.skills.map(clean).join(", ")}`)}`,
      ];
      return `  ${names.get(edge.from)} -> ${names.get(edge.to)} [${look.join(", ")}];`;
    });
  const head = [
    "digraph trust {",
    "  rankdir=LR;",
    '  node [shape=ellipse, style=filled, fontname="sans-serif"];',
  ];
  return [...head, ...nodes, ...edges, "}"].join("\n");
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

const side = 800;
const radius = 300;

/** This node in the middle, the others around it in the order of their weight. */
export function trustSvg(graph: TrustGraph): string {
  const others = graph.nodes.filter(({ self }) => !self);
  const places = new Map<string, { x: number; y: number }>();
  for (const { peer, self } of graph.nodes) if (self) places.set(peer, { x: side / 2, y: side / 2 });
  others.forEach(({ peer }, i) => {
    const angle = (2 * Math.PI * i) / others.length - Math.PI / 2;
    places.set(peer, { x: side / 2 + radius * Math.cos(angle), y: side / 2 + radius * Math.sin(angle) });
  });
  const lines = drawnEdges(graph).flatMap((edge) => {
    const [from, to] = [places.get(edge.from), places.get(edge.to)];
    if (from === undefined || to === undefined) return [];
    const color = isBad(edge) ? "#c0392b" : "#27803b";
    const title = `${edge.pos} good, ${edge.neg} bad at ${edge.skills.map(clean).join(", ")}`;
    return `<line x1="${number(from.x)}" y1="${number(from.y)}" x2="${number(to.x)}" y2="${number(to.y)}" stroke="${color}" stroke-width="${number(widthOf(edge))}" stroke-opacity="0.7" marker-end="url(#end)"><title>${escaped(title)}</title></line>`;
  });
  const circles = graph.nodes.map((node) => {
    const { x, y } = places.get(node.peer) as { x: number; y: number };
    const green = Math.round(120 + 100 * node.mean);
    const fill = `rgb(${Math.round(230 - 120 * node.mean)},${green},120)`;
    return `<g><circle cx="${number(x)}" cy="${number(y)}" r="${node.self ? 16 : 10}" fill="${fill}" stroke="#333" stroke-width="${node.pinned === null ? 1 : 3}"><title>${escaped(node.peer)}</title></circle><text x="${number(x)}" y="${number(y + 26)}" text-anchor="middle">${escaped(labelOf(node))}</text></g>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${side} ${side}" font-family="sans-serif" font-size="11">`,
    '<defs><marker id="end" viewBox="0 0 8 8" refX="20" refY="4" markerWidth="6" markerHeight="6" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L8 4L0 8z" fill="#555"/></marker></defs>',
    ...lines,
    ...circles,
    "</svg>",
  ].join("\n");
}
