/** A skill as a Python function: its type hints are its schema, and its process stays warm. */
import type { Template } from "./templates.ts";

export function pythonTemplate(id: string, name: string): Template {
  const main = `${name}.py`;
  const text = `from typing import TypedDict

from errand_skill import Context, skill  # comes with errand; packages of your own: python3 -m venv .venv beside this file


class Counted(TypedDict):
    words: int


@skill(
    id="${id}",
    version="1.0.0",  # semantic; raise the first number when input or output change
    examples=[{"text": "to be or not to be"}],
    input_modes=["text/plain"],  # takes files of text too
    deterministic=True,  # equal input, equal output
    idempotent=True,  # running it twice does no harm
)
def count(text: str, context: Context) -> Counted:
    """How many words a text has."""
    words = 0
    for word in text.split():
        if words % 10_000 == 0:
            context.progress(0.5, f"{words} words so far")
        words += 1
    return {"words": words}
`;
  return { main, files: { [main]: text } };
}
