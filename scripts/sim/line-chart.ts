/** A row of small line charts as one SVG: no library, no script; it takes the colors of light or dark ground by itself. */

export interface Line {
  name: string;
  /** Number in the palette. */
  color: number;
  points: readonly (readonly [x: number, y: number])[];
}

export interface Panel {
  title: string;
  lines: readonly Line[];
}

export interface Chart {
  title: string;
  x: string;
  y: string;
  /** Top of the axis; charts of several panels share it. */
  mostY: number;
  /** From .1 up, by powers of ten. */
  log: boolean;
  panels: readonly Panel[];
}

/** Told apart without red and green; bright enough for dark ground and dark enough for light. */
const palette = [
  "#2f81f7",
  "#8b949e",
  "#a371f7",
  "#1b9e9e",
  "#bc4c8f",
  "#3fa66b",
  "#b59a00",
  "#db6d28",
  "#c93c37",
];
const panel = { width: 200, height: 130, gapX: 44, gapY: 62 };
const margin = { left: 48, top: 64, bottom: 16 };
const mostColumns = 4;
const leastLog = 0.1;

export function lineChart(chart: Chart): string {
  const { panels } = chart;
  const columns = Math.min(mostColumns, panels.length);
  const rows = Math.ceil(panels.length / columns);
  const names = new Map(
    panels.flatMap(({ lines }) => lines.map(({ name, color }) => [name, color] as const)),
  );
  const legend = legendOf([...names], Math.max(420, margin.left + columns * (panel.width + panel.gapX)));
  const width = Math.max(420, margin.left + columns * (panel.width + panel.gapX));
  const height = margin.top + rows * (panel.height + panel.gapY) + legend.height + margin.bottom;
  const body = panels.map((one, i) => {
    const x = margin.left + (i % columns) * (panel.width + panel.gapX);
    const y = margin.top + Math.floor(i / columns) * (panel.height + panel.gapY);
    return `<g transform="translate(${x} ${y})">${panelOf(one, chart)}</g>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(chart.title)}">`,
    "<style>",
    'text{font:11px system-ui,-apple-system,"Segoe UI",sans-serif;fill:#57606a}.t{font-weight:600;fill:#1f2328}.h{font-size:15px}',
    ".a{stroke:#d0d7de;stroke-width:1}.l{fill:none;stroke-width:1.6}.o{stroke-width:3}",
    "@media(prefers-color-scheme:dark){text{fill:#9198a1}.t{fill:#e6edf3}.a{stroke:#3d444d}}",
    "</style>",
    `<text class="t h" x="12" y="24">${escape(chart.title)}</text>`,
    ...body,
    `<g transform="translate(${margin.left} ${height - margin.bottom - legend.height})">${legend.text}</g>`,
    "</svg>\n",
  ].join("\n");
}

function panelOf({ title, lines }: Panel, chart: Chart): string {
  const xs = lines.flatMap(({ points }) => points.map(([x]) => x));
  const [leastX, mostX] = [Math.min(...xs), Math.max(...xs)];
  const toX = (x: number): number =>
    mostX === leastX ? panel.width / 2 : ((x - leastX) / (mostX - leastX)) * panel.width;
  const heightOf = chart.log
    ? (y: number): number => Math.log(Math.max(leastLog, y) / leastLog) / Math.log(chart.mostY / leastLog)
    : (y: number): number => y / chart.mostY;
  const toY = (y: number): number => panel.height * (1 - Math.min(1, heightOf(y)));
  const ticks = chart.log ? [0.1, 1, 10, 100] : [0, 25, 50, 75, 100];
  const grid = ticks.map(
    (y) =>
      `<line class="a" x1="0" x2="${panel.width}" y1="${number(toY(y))}" y2="${number(toY(y))}"/><text x="-6" y="${number(toY(y) + 4)}" text-anchor="end">${y}</text>`,
  );
  const ends = [leastX, mostX].map(
    (x) => `<text x="${number(toX(x))}" y="${panel.height + 15}" text-anchor="middle">${x}</text>`,
  );
  // This project's line lies on top.
  const drawn = lines
    .toSorted((x, y) => y.color - x.color)
    .map((line) => {
      const points = line.points.map(([x, y]) => `${number(toX(x))},${number(toY(y))}`).join(" ");
      return `<polyline class="l${line.color === 0 ? " o" : ""}" stroke="${palette[line.color]}" points="${points}"/>`;
    });
  return [
    `<text class="t" x="0" y="-22">${escape(title)}</text><text x="0" y="-8">${escape(chart.y)}</text>`,
    ...grid,
    ...ends,
    `<text x="${panel.width / 2}" y="${panel.height + 15}" text-anchor="middle">${escape(chart.x)}</text>`,
    ...drawn,
  ].join("");
}

function legendOf(
  names: readonly (readonly [string, number])[],
  width: number,
): { text: string; height: number } {
  const columnWidth = 130;
  const columns = Math.max(1, Math.floor((width - margin.left) / columnWidth));
  const text = names.map(([name, color], i) => {
    const [x, y] = [(i % columns) * columnWidth, 18 * Math.floor(i / columns)];
    return `<line class="l${color === 0 ? " o" : ""}" stroke="${palette[color]}" x1="${x}" x2="${x + 18}" y1="${y + 6}" y2="${y + 6}"/><text x="${x + 24}" y="${y + 10}">${escape(name)}</text>`;
  });
  return { text: text.join(""), height: 18 * Math.ceil(names.length / columns) };
}

function number(value: number): string {
  return String(Number(value.toFixed(1)));
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
