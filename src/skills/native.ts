/**
 * Built-in skills whose work is native code: a thread that is ended goes on in it. Each runs in a process of its own, which loads
 * this file and nothing of the others.
 */
import { imageResize } from "./image-resize.ts";
import type { Skill } from "./skill.ts";

export const nativeSkills: readonly Skill[] = [imageResize];
