"""Tests of L{cpyrender.pool.isolation}, with levels that work as the tests have it."""

import errno
import os
import tempfile
from collections.abc import Callable

from attrs import define, field
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.child import linux
from cpyrender.pool import isolation
from cpyrender.pool.isolation import LAYERS, settings_for, strongest
from cpyrender.pool.syscalls import NoFilter
from cpyrender.pool.template import LayerMissing, TemplateFailed
from cpyrender.settings import ISOLATION, RenderSettings


@define
class Level:
    """A level of isolation, as settings and as the template that starts from them.

    @ivar failure: why it cannot be started.
    @ivar breach: why it does not withstand attack.
    @ivar calls: what was asked of it.
    """

    name: str
    failure: Exception | None = None
    breach: Exception | None = None
    calls: list[str] = field(factory=list)

    def start(self, meanwhile: Callable[[], object] | None) -> "Level":
        self.calls.append("start")
        if meanwhile is not None:
            meanwhile()
        if self.failure is not None:
            raise self.failure
        return self

    def attack(self) -> None:
        self.calls.append("attack")
        if self.breach is not None:
            raise self.breach

    def close(self) -> None:
        self.calls.append("close")

    def forget(self) -> None:
        self.calls.append("forget")


class StrongestTests(SynchronousTestCase):
    """L{strongest}."""

    def setUp(self) -> None:
        self.levels = {name: Level(name) for name in ISOLATION}
        self.patch(isolation, "settings_for", lambda level, render, placement: self.levels[level])

    def strongest(self, least: str = "none") -> str:
        """Return the level that is chosen."""
        found = strongest(RenderSettings(isolation=least), lambda template, level: template.attack())
        self.assertIs(found.settings, found.template)
        return found.settings.name

    def calls(self) -> dict[str, list[str]]:
        """Return what was asked of the levels that were tried."""
        return {name: level.calls for name, level in self.levels.items() if level.calls}

    def test_strongest_first(self) -> None:
        """Where the strongest level works, no other is tried, whatever less was asked for."""
        self.assertEqual(self.strongest("none"), "full")
        self.assertEqual(self.calls(), {"full": ["start", "attack"]})

    def test_next_below(self) -> None:
        """A level that lacks something is given up, with all that it left, for the next one below."""
        self.levels["full"].failure = LayerMissing("no namespaces")

        self.assertEqual(self.strongest(), "jail")
        self.assertEqual(self.calls(), {"full": ["start", "forget"], "jail": ["start", "attack"]})

    def test_meanwhile(self) -> None:
        """Something can be done while a template warms up: while each one does that is tried."""
        self.levels["full"].failure = LayerMissing("no namespaces")
        tried: list[list[str]] = []
        strongest(RenderSettings(isolation="none"), lambda *_: None, lambda: tried.append(sorted(self.calls())))

        self.assertEqual(tried, [["full"], ["full", "jail"]])

    def test_breached(self) -> None:
        """A level that does not withstand attack is closed and given up, as if it lacked something."""
        self.levels["full"].breach = LayerMissing("a script can fork")

        self.assertEqual(self.strongest(), "jail")
        self.assertEqual(self.levels["full"].calls, ["start", "attack", "close", "forget"])

    def test_never_below(self) -> None:
        """No level below the one that was asked for is taken, and what each lacks is said."""
        self.levels["full"].failure = LayerMissing("no namespaces")
        self.levels["jail"].breach = LayerMissing("a script can fork")
        said = str(self.assertRaises(TemplateFailed, self.strongest, "jail"))

        for words in ("'jail'", "full: no namespaces", "jail: a script can fork", "--isolation none"):
            self.assertIn(words, said)
        self.assertNotIn("confined", self.calls())

    def test_same_lack(self) -> None:
        """What several levels lack is said once."""
        for level in self.levels.values():
            level.failure = LayerMissing("no numpy")
        said = str(self.assertRaises(TemplateFailed, self.strongest, "confined"))

        self.assertEqual((said.count("no numpy"), said.count("full, jail, confined:")), (1, 1))

    def test_not_for_lack_of_a_layer(self) -> None:
        """A template that fails for a reason that no other level would mend fails at once."""
        self.levels["full"].failure = TemplateFailed("no module named nonsense")

        self.assertEqual(str(self.assertRaises(TemplateFailed, self.strongest)), "no module named nonsense")
        self.assertEqual(self.calls(), {"full": ["start", "forget"]})


class SettingsTests(SynchronousTestCase):
    """L{settings_for}."""

    def setUp(self) -> None:
        place = os.path.abspath(self.mktemp())
        os.makedirs(place)
        self.patch(tempfile, "tempdir", place)
        self.patch(isolation, "compile_filter", lambda: b"program")
        self.patch(linux, "landlock_version", lambda: 6)

    def test_layers(self) -> None:
        """Each level but C{none} has a filter and a list of what may be read; only jails need no folder outside."""
        for level in ISOLATION:
            settings = settings_for(level, RenderSettings(memory="64M", cpu=7, no_legacy=True))
            self.assertEqual((settings.level, settings.memory, settings.cpu), (level, 64 << 20, 7.0))
            self.assertFalse(settings.legacy)
            self.assertEqual((bool(settings.program), bool(settings.readable)), (level != "none",) * 2)
            self.assertEqual(settings.spool.exists(), level in {"none", "confined"})
            self.assertEqual(("bubblewrap" in LAYERS[level]), level in {"full", "jail"})

    def test_no_landlock(self) -> None:
        """A kernel without Landlock lacks a layer of each level but C{none}, and is told which kernels have it."""
        self.patch(linux, "landlock_version", self.refuse)

        for level in ("confined", "jail", "full"):
            said = str(self.assertRaises(LayerMissing, settings_for, level, RenderSettings()))
            self.assertIn("Landlock", said)
        self.assertEqual(settings_for("none", RenderSettings()).level, "none")

    def refuse(self) -> int:
        """Be a kernel that does not know this call."""
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    def test_no_filter(self) -> None:
        """A machine without libseccomp lacks a layer, and what is missing is said."""
        self.patch(isolation, "compile_filter", self.lack)

        self.assertIn("apt-get", str(self.assertRaises(LayerMissing, settings_for, "full", RenderSettings())))

    def lack(self) -> bytes:
        """Be a machine without the library."""
        raise NoFilter("libseccomp is missing (on Debian: apt-get install libseccomp2)")
