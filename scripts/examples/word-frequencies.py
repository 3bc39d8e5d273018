"""An example of a skill in Python. Start a node with it by

    errand up --skill scripts/examples/word-frequencies.py

The type hints are the schema. The process is started once and serves many tasks: what is made at the top is there for all.
"""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Annotated

from errand_skill import Context, skill

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


@dataclass
class Frequency:
    word: str
    count: int
    share: float


@skill(
    id="word.frequencies",
    version="1.0.0",
    tags=["text"],
    input_modes=["text/plain"],
    examples=[{"text": "to be or not to be", "top": 2}],
    deterministic=True,
    idempotent=True,
)
def frequencies(
    text: str,
    context: Context,
    top: Annotated[int, {"minimum": 1, "maximum": 1000}] = 10,
) -> list[Frequency]:
    """The most frequent words of a text, with their share of all words."""
    counts: Counter[str] = Counter()
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if number % 1_000 == 0:
            context.progress(number / max(1, len(lines)), f"line {number} of {len(lines)}")
        counts.update(word.lower() for word in WORD.findall(line))
    total = sum(counts.values())
    # Words of one count in alphabetical order: equal input gives equal output.
    ranked = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return [Frequency(word, count, round(count / total, 4)) for word, count in ranked[:top]]
