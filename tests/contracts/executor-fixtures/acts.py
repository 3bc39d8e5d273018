# The same acts in a warm Python process.
import os
import sys
import threading
import time
from typing import Any, Optional

from errand_skill import Context, InvalidInput, skill

SCHEMA = {
    "type": "object",
    "properties": {
        "act": {"type": "string"},
        "value": True,
        "bytes": {"type": "integer", "minimum": 0},
        "text": {"type": "string"},
    },
    "additionalProperties": False,
}

forked: list = []


@skill(
    id="contract.acts",
    description="Whatever the contract asks for.",
    input=SCHEMA,
    output={"type": "object", "properties": {"value": True}, "additionalProperties": False},
    input_modes=["text/plain"],
)
def acts(context: Context, act: Optional[str] = None, value: Any = None, bytes: int = 0, text: Optional[str] = None):
    act = act or ("value" if text is None else "text")
    if act == "value":
        return {"value": value}
    if act == "text":
        return {"value": text}
    if act == "throw":
        raise RuntimeError("it broke")
    if act == "blame":
        raise InvalidInput("your fault")
    if act == "wrong":
        return {"other": 1}
    if act == "large":
        return {"value": "x" * bytes}
    if act == "progress":
        context.progress(0.25, "a quarter")
        return {"value": None}
    if act == "wait":
        context.progress(0, "waiting")
        time.sleep(60)
    if act == "ignore":
        # With a child that ignores it as well: the whole group has to go.
        pid = os.fork()
        if pid == 0:
            while True:
                time.sleep(60)
        forked.append(pid)
        context.progress(0, f"{os.getpid()} {pid}")
        while True:
            try:
                time.sleep(60)
            except BaseException:
                pass
    if act == "memory":
        kept = []
        while True:
            kept.append(b"x" * 10_000_000)
            time.sleep(0.005)
    if act == "exit":
        os._exit(3)
    if act == "pid":
        return {"value": os.getpid()}
    if act == "print":
        print("on standard output")
        return {"value": "printed"}
    if act == "garbage":
        os.write(context._process.out, b"no json\n")
        time.sleep(60)
    if act == "endless":
        while True:
            os.write(context._process.out, b"x" * 65536)
    if act == "threads":
        return {"value": threading.active_count()}
    if act == "file":
        path = context.scratch_dir / "out.bin"
        path.write_bytes(b"\7" * bytes)
        return context.file("out.bin", "application/x-seven")
    if act == "foreign-file":
        return context.file(str(value), "text/plain")
    if act == "env":
        return {"value": dict(os.environ)}
    raise ValueError(f"unknown act {act}")


if __name__ == "__main__":
    sys.exit("run by itself")
