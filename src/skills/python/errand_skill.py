"""Skills for Errand in Python: one file, no dependencies, Python 3.9 or newer.

    from errand_skill import skill

    @skill(id="acme.word-count", version="1.0.0", deterministic=True)
    def word_count(text: str, least: int = 1) -> dict[str, int]:
        "How often each word of a text occurs."
        ...

`errand up --skill ./words.py` finds the decorated functions, makes JSON Schemas of their type hints, and keeps the process
warm. The protocol between node and process is described in SKILL-PROCESS.md; `serve()` at the end of a file starts it
where the file is run by itself, as by `process: {command: [./venv/bin/python, ./words.py]}`.
"""

from __future__ import annotations

import collections.abc as abc
import dataclasses
import enum
import inspect
import json
import os
import pathlib
import queue
import re
import signal
import sys
import threading
import time
import traceback
import types
import typing

__all__ = ["Context", "File", "Cancelled", "InvalidInput", "SkillError", "skill", "serve"]

PROTOCOL = 1
# A longer output goes through a file: a line of the protocol has at most 1 MiB.
_INLINE_BYTES = 256 * 1024


class SkillError(Exception):
    """Fails the run. `retryable=False`: another try would fail as well."""

    code = "SkillFailed"

    def __init__(self, message: str, *, retryable: bool = True):
        super().__init__(message)
        self.retryable = retryable


class InvalidInput(SkillError):
    """The input is to blame: nobody tries it again."""

    code = "InvalidInput"

    def __init__(self, message: str):
        super().__init__(message, retryable=False)


class Cancelled(BaseException):
    """Raised inside a skill when its run was cancelled or ran out of time. Not an Exception: nobody should swallow it."""


@dataclasses.dataclass(frozen=True)
class File:
    """A file. As a parameter: what was sent instead of JSON, read-only. As a result: `context.file(path, type)`."""

    path: str
    type: str = "application/octet-stream"
    sizeBytes: int = 0
    hash: str = ""

    def read_bytes(self) -> bytes:
        return pathlib.Path(self.path).read_bytes()


class Context:
    """One run, as its function sees it: give a parameter this type, or the name `context`, and it is passed."""

    def __init__(self, run: dict, process: "_Process"):
        self._run = run
        self._process = process
        self._cancelled = threading.Event()
        self._on_cancel: typing.Optional[typing.Callable[[], object]] = None
        self.reason = ""
        #: Seconds since the epoch at which the run is ended.
        self.deadline = run["deadline"] / 1000

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    def check(self) -> None:
        """Raises `Cancelled` if the run was cancelled: for loops in threads, which nothing else interrupts."""
        if self.cancelled:
            raise Cancelled(self.reason)

    def progress(self, fraction: float, message: str = "") -> None:
        self.check()
        self._process.send({"type": "progress", "id": self._run["id"], "fraction": fraction, "message": message})

    def log(self, message: object) -> None:
        self._process.send({"type": "log", "id": self._run["id"], "message": str(message)})

    @property
    def scratch_dir(self) -> pathlib.Path:
        """A folder of this run, removed after it."""
        path = pathlib.Path(self._run["scratchDir"])
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path

    def file(self, path: typing.Union[str, os.PathLike], type: str) -> File:
        """Return it to make a file in `scratch_dir` the output."""
        return File(str(self.scratch_dir / path), type)


# --- type hints as JSON Schema, and values as what the hints say


def _schema(hint: typing.Any) -> typing.Any:
    if hint is typing.Any or hint is inspect.Parameter.empty or hint is object:
        return True
    if hint is None or hint is type(None):
        return {"type": "null"}
    plain = {str: "string", bool: "boolean", int: "integer", float: "number", dict: "object"}
    if hint in (list, tuple, set, frozenset):
        return {"type": "array"}
    if isinstance(hint, type) and hint in plain:
        return {"type": plain[hint]}
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        schema = _schema(args[0])
        schema = {} if schema is True else dict(schema)
        for extra in args[1:]:
            if isinstance(extra, str):
                schema["description"] = extra
            elif isinstance(extra, dict):
                schema.update(extra)
        return schema
    if origin in (typing.NotRequired, typing.Required) if hasattr(typing, "NotRequired") else False:
        return _schema(args[0])
    if origin is typing.Literal:
        return {"enum": list(args)}
    if origin is typing.Union or origin is getattr(types, "UnionType", None):
        return {"anyOf": [_schema(arg) for arg in args]}
    if origin is tuple:
        if len(args) == 2 and args[1] is Ellipsis:
            return {"type": "array", "items": _schema(args[0])}
        items = [_schema(arg) for arg in args]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
    if origin in (list, set, frozenset) or _is_sequence(origin):
        return {"type": "array", "items": _schema(args[0])} if args else {"type": "array"}
    if origin is dict or _is_mapping(origin):
        return {"type": "object", "additionalProperties": _schema(args[1])} if len(args) == 2 else {"type": "object"}
    if isinstance(hint, type):
        if issubclass(hint, enum.Enum):
            return {"enum": [member.value for member in hint]}
        if issubclass(hint, File):
            return True
        if dataclasses.is_dataclass(hint):
            hints = typing.get_type_hints(hint, include_extras=True)
            fields = dataclasses.fields(hint)
            needed = [f.name for f in fields if f.default is f.default_factory is dataclasses.MISSING]
            return _object({f.name: _schema(hints[f.name]) for f in fields}, needed)
        if typing.is_typeddict(hint) if hasattr(typing, "is_typeddict") else hasattr(hint, "__required_keys__"):
            hints = typing.get_type_hints(hint, include_extras=True)
            return _object({name: _schema(one) for name, one in hints.items()}, sorted(hint.__required_keys__))
        if issubclass(hint, os.PathLike):
            return {"type": "string"}
    raise TypeError(f"the type {hint!r} has no JSON Schema; use another, or give input= or output= to @skill")


def _object(properties: dict, required: list) -> dict:
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        schema["required"] = required
    return schema


def _is_sequence(origin: typing.Any) -> bool:
    return isinstance(origin, type) and issubclass(origin, (abc.Sequence, abc.Set)) or origin is abc.Iterable


def _is_mapping(origin: typing.Any) -> bool:
    return isinstance(origin, type) and issubclass(origin, abc.Mapping)


def _value(hint: typing.Any, value: typing.Any) -> typing.Any:
    """Checked JSON as what the hint asks for: dataclasses, enums, tuples, sets."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return _value(args[0], value)
    if origin is typing.Union or origin is getattr(types, "UnionType", None):
        for arg in args:
            if _fits(arg, value):
                return _value(arg, value)
        return value
    if isinstance(value, list) and (origin or hint) in (list, tuple, set, frozenset):
        kind = origin or hint
        if kind is tuple and args and not (len(args) == 2 and args[1] is Ellipsis):
            return tuple(_value(arg, one) for arg, one in zip(args, value))
        return kind(_value(args[0], one) for one in value) if args else kind(value)
    if isinstance(value, dict) and origin is dict and len(args) == 2:
        return {key: _value(args[1], one) for key, one in value.items()}
    if isinstance(hint, type):
        if issubclass(hint, enum.Enum):
            return hint(value)
        if dataclasses.is_dataclass(hint) and isinstance(value, dict):
            hints = typing.get_type_hints(hint)
            known = {field.name for field in dataclasses.fields(hint)}
            return hint(**{key: _value(hints[key], one) for key, one in value.items() if key in known})
        if issubclass(hint, pathlib.PurePath) and isinstance(value, str):
            return hint(value)
        if hint is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
    return value


def _fits(hint: typing.Any, value: typing.Any) -> bool:
    schema = _schema(hint)
    if schema is True:
        return True
    if "enum" in schema:
        return value in schema["enum"]
    names = {"string": str, "boolean": bool, "array": list, "object": dict, "null": type(None)}
    kind = schema.get("type")
    if kind in ("integer", "number"):
        return isinstance(value, int if kind == "integer" else (int, float)) and not isinstance(value, bool)
    if kind == "object" and any(name not in value for name in schema.get("required", [])) if isinstance(value, dict) else False:
        return False
    return isinstance(value, names.get(kind, object))


def _plain(value: typing.Any) -> typing.Any:
    """What `json` cannot write by itself."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (set, frozenset)):
        return sorted(value) if all(isinstance(one, str) for one in value) else list(value)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    for name in ("tolist", "isoformat", "model_dump"):
        convert = getattr(value, name, None)
        if callable(convert):
            return convert()
    raise TypeError(f"a {type(value).__name__} cannot be written as JSON")


# --- the skills of this process

_skills: dict = {}


class _Skill:
    def __init__(self, function: typing.Callable, given: dict):
        self.function = function
        self.hints = typing.get_type_hints(function, include_extras=True)
        parameters = inspect.signature(function).parameters
        self.context = next((name for name in parameters if name == "context" or self.hints.get(name) is Context), None)
        self.names = [name for name in parameters if name != self.context]
        #: A single parameter called `input` takes the whole input instead of one property of it.
        self.whole = self.names == ["input"]
        properties, required = {}, []
        for name in self.names:
            parameter = parameters[name]
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
                raise TypeError(f"{function.__name__}: the parameter {name} must be an ordinary one")
            schema = _schema(self.hints.get(name, typing.Any))
            if parameter.default is inspect.Parameter.empty:
                required.append(name)
            elif schema is not True and isinstance(parameter.default, (str, int, float, bool)):
                schema = {**schema, "default": parameter.default}
            properties[name] = schema
        made = properties["input"] if self.whole else _object(properties, required)
        text = inspect.getdoc(function) or function.__name__.replace("_", " ")
        definition = {
            "id": given.pop("id") or function.__name__.strip("_").replace("_", "-").lower(),
            "version": given.pop("version"),
            "description": given.pop("description") or text.split("\n\n", 1)[0].replace("\n", " ")[:1000],
            "input": made if given["input"] is None else given["input"],
            "output": _schema(self.hints.get("return", typing.Any)) if given["output"] is None else given["output"],
        }
        timeout = given.pop("timeout")
        if timeout is not None:
            definition["timeoutMs"] = round(timeout * 1000)
        modes = given.pop("input_modes")
        if modes is not None:
            definition["inputModes"] = modes
        definition.update({key: value for key, value in given.items() if key not in definition and value is not None})
        self.definition = definition

    def call(self, value: typing.Any, context: Context) -> typing.Any:
        if self.whole:
            arguments = {"input": _value(self.hints.get("input", typing.Any), value)}
        else:
            arguments = {name: _value(self.hints.get(name, typing.Any), one) for name, one in value.items()}
        if self.context is not None:
            arguments[self.context] = context
        if not inspect.iscoroutinefunction(self.function):
            return self.function(**arguments)
        import asyncio  # Costs 40 ms: only who needs it.

        return asyncio.run(_cancellable(self.function(**arguments), context))


async def _cancellable(coroutine: typing.Coroutine, context: Context) -> typing.Any:
    import asyncio

    task = asyncio.ensure_future(coroutine)
    loop = asyncio.get_running_loop()
    context._on_cancel = lambda: loop.call_soon_threadsafe(task.cancel)
    if context.cancelled:
        task.cancel()
    try:
        return await task
    except asyncio.CancelledError:
        raise Cancelled(context.reason) from None
    finally:
        context._on_cancel = None


def skill(
    function: typing.Optional[typing.Callable] = None,
    *,
    id: typing.Optional[str] = None,
    version: str = "1.0.0",
    name: typing.Optional[str] = None,
    description: typing.Optional[str] = None,
    tags: typing.Optional[list] = None,
    examples: typing.Optional[list] = None,
    deterministic: typing.Optional[bool] = None,
    idempotent: typing.Optional[bool] = None,
    price: typing.Optional[float] = None,
    timeout: typing.Optional[float] = None,
    input: typing.Any = None,
    output: typing.Any = None,
    input_modes: typing.Optional[list] = None,
):
    """Makes a function a skill. It can still be called as before.

    The input's schema is made of the parameters, the output's of what is returned; `input` and `output` replace them.
    `timeout` is in seconds. `input_modes`: media types besides JSON; `text/plain` arrives as the parameter `text`, others
    as the parameter `file`, a `File`.
    """
    given = dict(locals())
    del given["function"]

    def decorate(function: typing.Callable) -> typing.Callable:
        made = _Skill(function, dict(given))
        known = made.definition["id"]
        if known in _skills:
            raise ValueError(f"two functions are the skill {known}")
        _skills[known] = made
        return function

    return decorate if function is None else decorate(function)


# --- the protocol

_stdout: typing.Optional[int] = None
_served = False


def _take_stdout() -> int:
    """What a skill prints is for the operator: the protocol keeps standard output for itself."""
    global _stdout
    if _stdout is None:
        sys.stdout.flush()
        _stdout = os.dup(1)
        os.dup2(2, 1)
        sys.stdout = sys.stderr
    return _stdout


class _Process:
    def __init__(self, concurrency: int):
        self.concurrency = concurrency
        self.runs: "queue.SimpleQueue" = queue.SimpleQueue()
        self.known: dict = {}
        self.lock = threading.Lock()
        self.in_main: typing.Optional[Context] = None
        self.main = threading.main_thread().ident
        self.out = _take_stdout()

    def send(self, message: dict) -> None:
        line = json.dumps(message, default=_plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        self.write(line.encode("utf-8", "replace"))

    def write(self, line: bytes) -> None:
        data = memoryview(line + b"\n")
        with self.lock:
            while data:
                data = data[os.write(self.out, data) :]

    def serve(self) -> None:
        interruptible = self.concurrency == 1 and hasattr(signal, "pthread_kill")
        if interruptible:
            signal.signal(signal.SIGUSR1, self.interrupt)
        _die_with_parent()
        self.send(
            {
                "type": "hello",
                "protocol": PROTOCOL,
                "concurrency": self.concurrency,
                "skills": [one.definition for one in _skills.values()],
            }
        )
        threading.Thread(target=self.read, daemon=True, args=(interruptible,)).start()
        if self.concurrency == 1:
            self.work(True)
            return
        workers = [threading.Thread(target=self.work, args=(False,)) for _ in range(self.concurrency)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    def read(self, interruptible: bool) -> None:
        """In a thread of its own, so that a cancel is heard while a skill computes."""
        for line in sys.stdin.buffer:
            message = json.loads(line)
            if message["type"] == "run":
                context = Context(message, self)
                self.known[message["id"]] = context
                self.runs.put(context)
            elif message["type"] == "cancel":
                context = self.known.get(message["id"])
                if context is None:
                    continue
                context.reason = message.get("reason", "")
                context._cancelled.set()
                on_cancel = context._on_cancel
                if on_cancel is not None:
                    on_cancel()
                elif interruptible and self.in_main is context:
                    signal.pthread_kill(self.main, signal.SIGUSR1)
        # The node is gone, or has no more use for this process. What still runs is of no use to anybody.
        if self.known:
            os._exit(1)
        for _ in range(self.concurrency):
            self.runs.put(None)

    def interrupt(self, *_: object) -> None:
        context = self.in_main
        if context is not None and context.cancelled and context._on_cancel is None:
            raise Cancelled(context.reason)

    def work(self, main: bool) -> None:
        while True:
            context = self.runs.get()
            if context is None:
                return
            try:
                reply = self.run(context, main)
            except Cancelled:
                # It came in the moment between the end of the skill and here.
                reply = _error(context, Cancelled(context.reason))
            self.known.pop(context._run["id"], None)
            self.write(reply)

    def run(self, context: Context, main: bool) -> bytes:
        run = context._run
        clock = time.process_time if self.concurrency == 1 else time.thread_time
        before = clock()
        try:
            context.check()
            if "inputFile" in run:
                with open(run["inputFile"], encoding="utf-8") as file:
                    value = json.load(file)
            else:
                value = run["input"]
            try:
                if main:
                    self.in_main = context
                    context.check()
                output = _skills[run["skill"]].call(value, context)
            finally:
                self.in_main = None
            result = {"type": "result", "id": run["id"]}
            if isinstance(output, File):
                result["file"] = {"path": output.path, "type": output.type}
                text = None
            else:
                text = json.dumps(output, default=_plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
                data = text.encode("utf-8")
                if len(data) > _INLINE_BYTES:
                    path = context.scratch_dir / "output.json"
                    path.write_bytes(data)
                    result["outputFile"] = str(path)
                    text = None
            result["usage"] = {"cpuMs": round((clock() - before) * 1000, 3), **_peak()}
            line = json.dumps(result, separators=(",", ":"))
            return (line if text is None else f'{line[:-1]},"output":{text}}}').encode("utf-8")
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            return _error(context, error)


def _error(context: Context, error: BaseException) -> bytes:
    message = {"type": "error", "id": context._run["id"], "message": str(error) or type(error).__name__}
    if isinstance(error, SkillError):
        message.update(code=error.code, retryable=error.retryable)
    elif isinstance(error, MemoryError):
        message.update(code="LimitExceeded", message="out of memory")
    elif not isinstance(error, Cancelled):
        traceback.print_exception(type(error), error, error.__traceback__)
        message["message"] = f"{type(error).__name__}: {error}"
    return json.dumps(message).encode("utf-8")


try:
    import resource

    def _peak() -> dict:
        # KiB on Linux, bytes on macOS.
        unit = 1 if sys.platform == "darwin" else 1024
        return {"peakMemoryBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit}

except ImportError:

    def _peak() -> dict:
        return {}


def _die_with_parent() -> None:
    """On Linux the kernel ends this process with the node, also while it is deep inside native code."""
    if not sys.platform.startswith("linux"):
        return
    try:
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    except (ImportError, OSError, AttributeError):
        pass


def serve(concurrency: int = 1) -> None:
    """Serves the skills of this program until the node has no more use for it. Returns then.

    With a concurrency above 1 that many runs are done at once, each in a thread: for skills that mostly wait. A cancel then
    reaches only code that looks (`context.check()`, `context.progress()`), and coroutines.
    """
    if "ERRAND_SKILL_PROTOCOL" not in os.environ:
        print(f"{', '.join(_skills) or 'no skills'}: offer them with `errand up --skill {sys.argv[0]}`,", file=sys.stderr)
        print(f"or try one here with `errand skill run {sys.argv[0]} SKILL INPUT`.", file=sys.stderr)
        return
    if not _skills:
        raise SystemExit("no function is decorated with @skill")
    global _served
    _served = True
    _Process(concurrency).serve()


def _main(path: str) -> None:
    """`python3 errand_skill.py FILE`: its skills, whether it calls `serve()` itself or not."""
    import importlib.util

    _take_stdout()
    sys.argv = [path]
    sys.path[0] = os.path.dirname(os.path.abspath(path))
    # Not as __main__: what a file does when it is run by itself (a demonstration, a test) is not wanted here.
    name = re.sub(r"\W", "_", pathlib.Path(path).stem) + "_skill"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    if not _served:
        serve()


if __name__ == "__main__":
    # This file runs as __main__ and would be imported a second time, with a list of skills of its own, by the skill's file.
    import errand_skill

    errand_skill._main(sys.argv[1])
