"""A L{Result} as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmarks.asked.figure import Figure
from benchmarks.result import SATURATING, Measured, Result

_UNKNOWN = ""


def markdown(result: Result) -> str:
    """Return all tables of a run."""
    machine = "; ".join(f"{name}: {words}" for name, words in result.machine.items())
    parts = [f"Measured on: {machine}; isolation: {result.isolation}.\n", _comparison(result), _latencies(result)]
    parts.append(_rates(result))
    if result.figures:
        parts.append(_asked(result.figures))
    return "\n".join(parts)


def short(figures: Iterable[Figure]) -> list[str]:
    """Return a line for each figure that falls short of what is asked, or is not known."""
    return [
        f"{figure.name}: {_with_unit(figure)}, asked: {figure.wanted}"
        if figure.met is False
        else f"{figure.name}: not measured, asked: {figure.wanted}"
        for figure in figures
        if not figure.met
    ]


def rows(titles: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    all_ = [titles, ["---"] * len(titles), *lines]
    return "".join("|" + "".join(f" {cell} |" if cell else " |" for cell in line) + "\n" for line in all_)


def _comparison(result: Result) -> str:
    titles = (
        "script A",
        "p50 / floor",
        "p95 / floor",
        f"/s at {SATURATING} clients",
        "of ideal",
        "CPU / floor",
        "first picture, s",
        "PSS idle, MB",
        "+ busy slot, MB",
        "state leaks",
    )
    return rows(titles, map(_compared, result.contenders))


def _compared(one: Measured) -> list[str]:
    clients = SATURATING if SATURATING in one.rates else max(one.rates, default=0)
    return [
        one.title,
        _number(one.over("A"), 2),
        _number(one.over("A", "p95"), 2),
        _number(one.rates.get(clients), 1),
        _number(one.of_ideal.get(clients), 2),
        _number(one.cpu_over_floor, 2),
        _number(one.cold, 2),
        _number(one.idle and one.idle / 1e6, 0),
        _number(None if one.busy_slot is None else one.busy_slot / 1e6, 0),
        "yes" if one.leaks else "no",
    ]


def _latencies(result: Result) -> str:
    scripts = list(result.contenders[0].latency)
    titles = ["one client, ms", *(f"{script}: p50 / p95 / p99" for script in scripts), "B: p50 / floor"]
    return rows(
        titles,
        (
            [
                one.title,
                *(
                    " / ".join(_number(seconds * 1000, 1) for seconds in (spread.p50, spread.p95, spread.p99))
                    for spread in (one.latency[script] for script in scripts)
                ),
                _number(one.over("B"), 2),
            ]
            for one in result.contenders
        ),
    )


def _rates(result: Result) -> str:
    levels = sorted({clients for one in result.contenders if one.name != "floor" for clients in one.rates})
    titles = ["script A, /s (of ideal)", *(f"{clients} clients" for clients in levels)]
    return rows(
        titles,
        ([one.title, *(_rate(one, clients) for clients in levels)] for one in result.contenders if one.name != "floor"),
    )


def _rate(one: Measured, clients: int) -> str:
    if clients not in one.rates:
        return _UNKNOWN
    share = one.of_ideal.get(clients)
    return f"{one.rates[clients]:.1f}" + (f" ({share:.2f})" if share is not None else "")


def _asked(figures: Iterable[Figure]) -> str:
    verdicts = {True: "yes", False: "no", None: "not measured"}
    return rows(
        ("asked of cpyrender", "asked", "measured", "met"),
        ((figure.name, figure.wanted, _with_unit(figure), verdicts[figure.met]) for figure in figures),
    )


def _with_unit(figure: Figure) -> str:
    if figure.value is None:
        return _UNKNOWN
    return f"{figure.value:.2f} {figure.unit}".rstrip()


def _number(value: float | None, digits: int) -> str:
    return _UNKNOWN if value is None else f"{value:.{digits}f}"
