/** One line on a terminal that is drawn over itself. */
import type { WriteStream } from "node:tty";
import type { TaskView } from "../src/node/node.ts";
import { clean } from "./output.ts";

export interface ProgressLine {
  show(task: TaskView, peer: string): void;
  say(text: string): void;
  clear(): void;
}

const frames = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";
const frameMs = 100;
const barWidth = 20;

export function createProgressLine(terminal: WriteStream): ProgressLine {
  let text = "";
  let frame = 0;
  const timer = setInterval(draw, frameMs);
  timer.unref();

  function draw(): void {
    if (text === "") return;
    frame = (frame + 1) % frames.length;
    terminal.write(
      `\r\x1b[K${frames[frame] ?? ""} ${text.slice(0, Math.max(10, (terminal.columns || 80) - 3))}`,
    );
  }

  return {
    show(task, peer) {
      text = describe(task, peer);
    },
    say(line) {
      text = line;
    },
    clear() {
      clearInterval(timer);
      if (text !== "") terminal.write("\r\x1b[K");
      text = "";
    },
  };
}

function describe({ skill, status, progress, progressMessage, attempts }: TaskView, peer: string): string {
  const parts = [skill, peer === "" ? status : `${status} on ${peer}`];
  if (attempts > 1) parts.push(`attempt ${attempts}`);
  if (progress > 0) parts.push(bar(progress));
  if (progressMessage !== "") parts.push(progressMessage);
  return clean(parts.join("  "));
}

/** `[#####...............] 25 %` */
export function bar(progress: number): string {
  const full = Math.round(Math.min(progress, 1) * barWidth);
  return `[${"#".repeat(full)}${".".repeat(barWidth - full)}] ${Math.floor(progress * 100)} %`;
}
