"""Tests of L{cpyrender.settings}."""

from __future__ import annotations

import os

import attrs
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.settings import HttpSettings, Rate, RenderSettings, ServerSettings, read_rate, size

HUGE = 10**400

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.sampled_from([HUGE, -HUGE, str(HUGE), "1e999", "16M", "-1", "1.5"]),
    st.lists,
    max_leaves=3,
)


class SizeTests(SynchronousTestCase):
    def test_units(self) -> None:
        """K, M and G, of either case, are powers of 1024."""
        for text, count in (
            ("0", 0),
            ("65536", 1 << 16),
            ("64K", 1 << 16),
            ("64k", 1 << 16),
            ("16M", 1 << 24),
            (" 1G ", 1 << 30),
            (4096, 4096),
        ):
            self.assertEqual(size(text), count, text)

    def test_refused(self) -> None:
        """Anything else is refused, and said."""
        for text in ("", "K", "1T", "1.5G", "-1K", "1 K", "1KB", "0x10", "1e3", "1K\n1"):
            error = self.assertRaises(ValueError, size, text)
            self.assertIn(repr(text), str(error))

    @given(st.integers(0), st.sampled_from(["", "K", "M", "G"]))
    def test_any_count(self, count: int, unit: str) -> None:
        """Any count of any unit is read."""
        self.assertEqual(size(f"{count}{unit}"), count * {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}[unit])


class RateTests(SynchronousTestCase):
    """L{read_rate}."""

    def test_read(self) -> None:
        """Scripts, a slash, seconds; and it is written as it is read."""
        for text, rate in (("30/60", Rate(30, 60)), (" 1 / 0.5", Rate(1, 0.5)), ("1000000/86400", Rate(10**6, 86400))):
            self.assertEqual(read_rate(text), rate, text)
            self.assertEqual(read_rate(str(rate)), rate)

    def test_refused(self) -> None:
        """Anything else is refused, and said."""
        for text in ("", "30", "30/", "/60", "0/60", "-1/60", "30/0", "30/nan", "30/inf", "30/1e9", "1.5/60", "3/4/5"):
            error = self.assertRaises(ValueError, read_rate, text)
            self.assertNotIn("\n", str(error))


class SharedChecks(SynchronousTestCase):
    """What holds for all kinds of settings."""

    def refused(self, kind: type[RenderSettings | HttpSettings | ServerSettings], name: str, value: object) -> str:
        """Check that a value is refused by the setting's name, and return why."""
        error = self.assertRaises(ValueError, kind, **{name: value})
        self.assertTrue(str(error).startswith(f"{name}: "), error)
        return str(error)


class RenderSettingsTests(SharedChecks):
    def test_defaults(self) -> None:
        """The defaults are those that are promised."""
        settings = RenderSettings()
        for name, value in (
            ("isolation", "confined"),
            ("slots", len(os.sched_getaffinity(0)) + 1),
            ("queue", 64),
            ("timeout", 30.0),
            ("cpu_seconds", 30.0),
            ("memory", 1 << 30),
            ("max_body", 16 << 20),
            ("max_output", 64 << 20),
            ("max_log", 64 << 10),
            ("preload", ()),
            ("fonts", ()),
            ("runs_per_process", 1),
            ("no_legacy", False),
        ):
            self.assertEqual(getattr(settings, name), value, name)

    def test_as_on_the_command_line(self) -> None:
        """A text means what it means on the command line."""
        self.assertEqual(
            RenderSettings(slots="3", queue="0", timeout="2.5", cpu="1", memory="256M", max_body="1K", preload="a.b"),
            RenderSettings(slots=3, queue=0, timeout=2.5, cpu=1.0, memory=256 << 20, max_body=1024, preload=("a.b",)),
        )

    def test_cpu(self) -> None:
        """A script may use as many CPU seconds as it may run, where nothing else is said."""
        self.assertEqual(RenderSettings(timeout=5).cpu_seconds, 5.0)
        self.assertEqual(RenderSettings(timeout=5, cpu=7).cpu_seconds, 7.0)

    def test_bounds(self) -> None:
        """Values at their bounds are taken, and those beyond them refused."""
        for name, least, most, below, above in (
            ("slots", 1, 1024, 0, 1025),
            ("queue", 0, 100_000, -1, 100_001),
            ("timeout", 0.001, 86400, 0, 86401),
            ("cpu", 0.001, 86400, 0, 86401),
            ("memory", 16 << 20, 1 << 44, (16 << 20) - 1, (1 << 44) + 1),
            ("max_body", 1, 1 << 40, 0, (1 << 40) + 1),
            ("max_output", 1, 1 << 40, 0, (1 << 40) + 1),
            ("max_log", 0, 1 << 30, -1, (1 << 30) + 1),
            ("runs_per_process", 1, 1_000_000, 0, 1_000_001),
        ):
            for value in (least, most):
                self.assertEqual(getattr(RenderSettings(**{name: value}), name), value)
            for value in (below, above):
                self.refused(RenderSettings, name, value)

    def test_refused(self) -> None:
        """What is of the wrong kind is refused, and the message tells which setting, and why."""
        for name, value, why in (
            ("slots", "two", "'two' is not a whole number"),
            ("slots", None, "NoneType"),
            ("queue", "1.5", "'1.5' is not a whole number"),
            ("timeout", "soon", "'soon' is not a number"),
            ("timeout", "nan", "nan"),
            ("timeout", "inf", "inf"),
            ("cpu", "", "'' is not a number"),
            ("memory", "1T", "'1T' is not a size"),
            ("max_log", "all", "'all' is not a size"),
            ("isolation", "perfect", "'perfect' is not a level of isolation"),
            ("preload", "numpy;x", "'numpy;x' is not the name of a module"),
            ("preload", ["numpy", ".x"], "'.x' is not the name of a module"),
            ("preload", ["numpy", ""], "'' is not the name of a module"),
            ("preload", "../x", "'../x' is not the name of a module"),
            ("fonts", "/no/such/folder", "'/no/such/folder' is not a folder that can be read: No such file"),
            ("fonts", ["/usr", __file__], "is not a folder that can be read: Not a directory"),
            ("fonts", "a\0b", "embedded null"),
        ):
            self.assertIn(why, self.refused(RenderSettings, name, value))

    def test_parts_are_not_dropped(self) -> None:
        """A number with a fraction is no whole number, and is not made one by dropping it."""
        for name in ("slots", "queue"):
            self.refused(RenderSettings, name, 2.5)

    def test_huge(self) -> None:
        """A number that no float can hold is out of bounds like any other."""
        for name in ("slots", "queue", "timeout", "cpu", "memory", "max_body", "max_output", "max_log"):
            for value in (HUGE, str(HUGE)):
                self.refused(RenderSettings, name, value)

    @given(st.sampled_from(sorted(attrs.fields_dict(RenderSettings))), anything)
    def test_anything(self, name: str, value: object) -> None:
        """Whatever is given, it is taken, or refused by its setting's name."""
        try:
            RenderSettings(**{name: value})
        except ValueError as error:
            self.assertTrue(str(error).startswith(f"{name}: "), error)

    def test_frozen(self) -> None:
        """Settings do not change."""
        with self.assertRaises(attrs.exceptions.FrozenInstanceError):
            RenderSettings().slots = 3


class HttpSettingsTests(SharedChecks):
    def test_bounds(self) -> None:
        """Times are neither nothing nor more than a day, and there is room for one connection at least."""
        for name, least, most, below, above in (
            ("head", 0.001, 86400, 0, 86401),
            ("body", 0.001, 86400, 0, 86401),
            ("idle", 0.001, 86400, 0, 86401),
            ("answer", 0.001, 86400, 0, 86401),
            ("answer_rate", 1, 1 << 40, 0, (1 << 40) + 1),
            ("connections", 1, 1 << 20, 0, (1 << 20) + 1),
            ("per_address", 1, 1 << 20, 0, (1 << 20) + 1),
            ("streams", 1, 1 << 20, 0, (1 << 20) + 1),
        ):
            for value in (least, most):
                self.assertEqual(getattr(HttpSettings(**{name: value}), name), value)
            for value in (below, above, "many"):
                self.refused(HttpSettings, name, value)


class ServerSettingsTests(SharedChecks):
    def test_defaults(self) -> None:
        """The defaults are those that are promised: this machine alone, and nobody stops it."""
        settings = ServerSettings()
        self.assertEqual((settings.port, settings.allow_quit, settings.render), (9981, False, RenderSettings()))
        self.assertEqual((settings.listen, settings.public_names, settings.token_file), ((), frozenset(), None))

    def test_public_names(self) -> None:
        """Names are kept as they are compared; what has a port, or is a pattern or a URL, is no name."""
        self.assertEqual(ServerSettings(public_names="Example.ORG.").public_names, {"example.org"})
        self.assertEqual(ServerSettings(public_names=["0::2", "a_b"]).public_names, {"[::2]", "a_b"})
        for value in ("example.org:80", ["*.example.org"], "http://example.org", "", ["a", "b c"], 5):
            self.refused(ServerSettings, "public_names", value)

    def test_bounds(self) -> None:
        """Any port will do, also one that the system chooses; what is none, or no time, is refused."""
        for port in (0, 1, 65535, "80"):
            self.assertEqual(ServerSettings(port=port).port, int(port))
        for name, value in (
            ("port", -1),
            ("port", 65536),
            ("port", "http"),
            ("port", HUGE),
            ("grace", -1),
            ("grace", "nan"),
        ):
            self.refused(ServerSettings, name, value)
