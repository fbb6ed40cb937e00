"""A child's whole life after it has been confined: read one script, run it, answer, end."""

from __future__ import annotations

import builtins
import importlib.util
import io
import linecache
import mmap
import os
import re
import resource
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import CodeType, ModuleType
from typing import Any, NoReturn

from attrs import define

from cpyrender import reporting, wire
from cpyrender.child import beside, failure, legacy, refusals
from cpyrender.child.answer import Answer, NoAnswer, answer_of
from cpyrender.child.confine import OutOfCPU
from cpyrender.child.files import put_down
from cpyrender.child.progress import Progress
from cpyrender.child.streams import flush
from cpyrender.child.task import Task
from cpyrender.parcel import parcel
from cpyrender.values import Submission

#: What the script is called in tracebacks and as C{__file__}. No such file exists.
NAME = "script.py"

_LONGEST_NAME = 1024
_MOST_WARNINGS = 100
_LONGEST_WARNING = 500
# Bytes that are there again for saying why, when a script has used up all others.
_RESERVE = 4 << 20

#: The exit status of a process in which nothing works any more.
BROKEN = 70

#: The answer that is sent from there.
LAST_WORDS = b"".join(
    wire.pack({"kind": "failed", "cause": "crashed", "message": "the script broke the interpreter that it ran in"})
)
_MUCH = 8 << 20
_GLYPH = re.compile(r"Glyph (\d{1,7}) ")


@define
class _Warned:
    """What Python warned of, oldest first; only so many are kept. All of them go to stderr as well."""

    texts: list[str]

    def keep(self, show: Callable[..., None]) -> Callable[..., None]:
        """Return what shows a warning as C{show} does, and keeps it."""

        def showwarning(message: Warning, category: type[Warning], filename: str, *where: Any, **more: Any) -> None:
            text = f"{category.__name__}: {_with_character(str(message))}"[:_LONGEST_WARNING]
            # matplotlib looks for a missing glyph each time it measures a text.
            if len(self.texts) < _MOST_WARNINGS and text not in self.texts:
                self.texts.append(text)
            show(message, category, failure.shortened(filename), *where, **more)

        return showwarning


def _with_character(message: str) -> str:
    """Return a warning of a glyph that no font has with the character itself, which matplotlib tells by number."""
    missing = _GLYPH.match(message)
    code = int(missing[1]) if missing else 0
    return f"{message} ({chr(code)})" if 0x20 < code <= sys.maxunicode else message


def serve_one(*, result: int, legacy: bool, refusing: bool = False) -> NoReturn:
    """Read one submission from stdin, run it, write one answer to the descriptor C{result}, and end the process.

    @param legacy: whether the script finds the names of 2005.
    @param refusing: whether processes and the network are out of the script's reach, and it is to be told so.
    """
    task = _take(0)
    if task is None:
        os._exit(0)
    # Held by this frame alone: a script can empty or replace all that is in a module.
    write, leave, last_words, broken = os.write, os._exit, LAST_WORDS, BROKEN
    try:
        header, blobs = run(task, legacy, refusing, result)
        _answer(result, header, blobs)
        leave(0)
    except:  # noqa: E722  (a script can put something else under the name of BaseException)
        write(result, last_words)
    finally:
        leave(broken)


def _take(script: int) -> Task | None:
    """Read one submission, and let there be nothing more to be read."""
    task = Task.read(script)
    if task is not None:
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, script)
        os.close(nothing)
    return task


def _answer(result: int, header: Mapping[str, object], blobs: list[bytes | memoryview]) -> None:
    flush()
    wire.write_all(result, wire.pack(header, blobs))


def practise(source: bytes, *, legacy: bool, refusing: bool) -> bool:
    """Do all with a script that L{serve_one} does, but for ending; put back what that has changed of the interpreter.

    @param source: a short one of our own.
    @return: whether it did not fail.
    """
    script, end = os.pipe()
    wire.write_all(end, parcel(Submission(script=source)))
    os.close(end)
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        with _as_before():
            task = _take(script)
            assert task is not None
            header, blobs = run(task, legacy, refusing)
            _answer(nothing, header, blobs)
            return header["kind"] == "drawn"
    finally:
        os.close(script)
        os.close(nothing)


@contextmanager
def _as_before() -> Iterator[None]:
    main, argv, path = sys.modules["__main__"], sys.argv, sys.path.copy()
    hooks = warnings.showwarning, threading.excepthook, sys.unraisablehook
    report = reporting.report_to(Progress(None))
    try:
        yield
    finally:
        reporting.report_to(report)
        warnings.showwarning, threading.excepthook, sys.unraisablehook = hooks
        linecache.cache.pop(NAME, None)
        sys.modules["__main__"], sys.argv, sys.path[:] = main, argv, path


def run(
    task: Task, with_legacy: bool, refusing: bool = False, result: int | None = None
) -> tuple[dict[str, object], list[bytes | memoryview]]:
    """Run a script, and return its answer as the header and the blobs of a frame.

    @param with_legacy: whether it finds the names of 2005.
    @param refusing: as for L{serve_one}.
    @param result: the descriptor on which to tell of its progress.
    """
    try:
        return _run(task, with_legacy, refusing, result)
    except OutOfCPU:
        # The script's last moment was ours: to clear away what it has left can take long.
        return {"kind": "out-of-cpu"}, []


def _run(
    task: Task, with_legacy: bool, refusing: bool, result: int | None
) -> tuple[dict[str, object], list[bytes | memoryview]]:
    main = _fresh_main(task)
    progress = Progress(result)
    reporting.report_to(progress)
    failure.tell_of_others(NAME)
    warned = _Warned([])
    warnings.showwarning = warned.keep(warnings.showwarning)
    began = time.perf_counter()
    encoding = None
    reserve = mmap.mmap(-1, _RESERVE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    try:
        code = _compile(task.source)
        # Not before: of a script that cannot be compiled, Python quotes the line from a file of the script's name.
        main.__dict__["files"] = put_down(task.files, task.file_fields)
        if with_legacy:
            legacy.install(task.source, main.__dict__)
        if refusing:
            refusals.install(task.source)
        exec(code, main.__dict__)
        if "response" not in main.__dict__:
            # A thread may still draw, or give it.
            beside.wait()
        encoding = time.perf_counter()
        answer = answer_of(main.__dict__, task.wanted)
    except NoAnswer as error:
        message = failure.clipped(str(error))
        header: dict[str, object] = {"kind": "failed", "cause": error.cause, "message": message}
        blobs: list[bytes | memoryview] = []
    except BaseException as error:
        reserve.close()
        header, blobs = failure.describe(error, NAME), []
    else:
        header, blobs = _drawn(answer), [output.data for output in answer.outputs]
    ended = time.perf_counter()
    progress.end()
    header["warnings"] = warned.texts
    header["progress"] = progress.reports
    header["run"] = (encoding or ended) - began
    header["encode"] = ended - (encoding or ended)
    return header, blobs


def _drawn(answer: Answer) -> dict[str, object]:
    outputs = [
        {
            "name": output.name[:_LONGEST_NAME],
            "media_type": output.media_type,
            "size": len(output.data),
            "width": output.width,
            "height": output.height,
        }
        for output in answer.outputs
    ]
    return {"kind": "drawn", "outputs": outputs, "figure_count": answer.figure_count}


def _fresh_main(task: Task) -> ModuleType:
    main = ModuleType("__main__")
    main.__dict__.update(
        __builtins__=builtins,
        __file__=NAME,
        params=dict(task.params),
        files={},
    )
    sys.modules["__main__"] = main
    sys.argv = [NAME]
    sys.path.insert(0, os.getcwd())
    return main


def _compile(source: bytes) -> CodeType:
    """Compile as C{python script.py} would: with any BOM, coding line (PEP 263) and kind of line end."""
    try:
        lines = io.StringIO(_decoded(source)).readlines()
    except (SyntaxError, UnicodeDecodeError, LookupError):
        lines = []  # compile() says what is wrong with it.
    if lines and not lines[-1].endswith("\n"):
        # As linecache does: the traceback module counts on it.
        lines[-1] += "\n"
    linecache.cache[NAME] = (len(source), None, lines, NAME)
    held = _most_held()
    try:
        return compile(source, NAME, "exec", dont_inherit=True)
    except SyntaxError as error:
        # The parser quotes the line. What is found after it, as an await outside a function, is quoted from the file.
        if error.text is None and error.lineno is not None and 0 < error.lineno <= len(lines):
            error.text = lines[error.lineno - 1]
        raise
    except MemoryError:
        if _most_held() - held > _MUCH:
            raise
    # So the parser gives up on what is nested too deeply.
    raise SyntaxError("the script is nested too deeply")


def _decoded(source: bytes) -> str:
    # Python's own way looks for a coding line, and is slow: this is what nearly all scripts need of it.
    if source.isascii() and b"coding" not in source and b"\r" not in source:
        return source.decode()
    return importlib.util.decode_source(source)


def _most_held() -> int:
    """Return how many bytes this process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
