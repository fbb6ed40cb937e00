"""L{Files}: what a script sees as C{files}."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cpyrender.child.answer import NoAnswer

_LONGEST_NAME = 1024


class Files(dict[str, Path]):
    """Names of files to their paths. A file of a form is found by its field as well, where that is its own."""

    def __init__(self, paths: Mapping[str, Path], fields: Mapping[str, str]) -> None:
        """@param fields: names of fields to names of files."""
        super().__init__(paths)
        self._fields = fields

    def __missing__(self, name: str) -> Path:
        return super().__getitem__(self._fields[name])

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in self._fields

    def get(self, name: str, default: Any = None) -> Any:
        """Return the path of a file, or the default where there is none."""
        return super().get(name if super().__contains__(name) else self._fields.get(name, name), default)


def put_down(files: Mapping[str, bytes | memoryview], fields: Mapping[str, str]) -> Files:
    """Write files into the working folder.

    @raise NoAnswer: one cannot be written there.
    """
    paths = {name: Path.cwd() / name for name in files}
    for name, path in paths.items():
        # The server has looked at the names as well.
        if "/" in name or name in {"", ".", ".."}:
            raise NoAnswer(f"the file {name[:_LONGEST_NAME]!r} has a path for a name", "output")
        try:
            with open(path, "xb") as file:
                file.write(files[name])
        except OSError as error:
            raise NoAnswer(f"the file {name[:_LONGEST_NAME]!r} cannot be kept: {error.strerror}", "output") from None
    return Files(paths, fields)
