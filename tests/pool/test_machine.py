"""Tests of L{cpyrender.pool.machine}."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from cpyrender.pool import machine

_MB = 1 << 20


class FreeMemoryTests(SynchronousTestCase):
    """L{machine.free_memory}."""

    def free(self, available: str | None = "", most: str | None = None, used: int = 0) -> int | None:
        """Return what is said to be free where the system says this."""
        folder = Path(self.mktemp())
        folder.mkdir()
        if available is not None:
            (folder / "meminfo").write_text(f"MemTotal: 9 kB\n{available}")
        if most is not None:
            (folder / "memory.max").write_text(f"{most}\n")
            (folder / "memory.current").write_text(f"{used}\n")
        self.patch(machine, "_MEMINFO", folder / "meminfo")
        self.patch(machine, "_GROUP", folder)
        return machine.free_memory()

    def test_here(self) -> None:
        """This machine tells of some."""
        self.assertGreater(machine.free_memory() or 0, _MB)

    def test_machine(self) -> None:
        """Without a limit, it is what the machine has."""
        available = f"MemAvailable: {300 << 10} kB\n"

        self.assertEqual([self.free(available), self.free(available, "max", 200 * _MB)], [300 * _MB] * 2)

    def test_container(self) -> None:
        """In a container that has less than the machine, it is what is left of its own."""
        self.assertEqual(self.free("MemAvailable: 99999999 kB\n", str(256 * _MB), 200 * _MB), 56 * _MB)
        self.assertEqual(self.free("MemAvailable: 1024 kB\n", str(256 * _MB), 200 * _MB), _MB)

    def test_not_told(self) -> None:
        """A system that does not tell is no failure."""
        self.assertEqual([self.free(None), self.free("")], [None, None])
