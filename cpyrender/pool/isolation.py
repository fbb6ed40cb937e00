"""Choosing the strongest level of isolation that works on this machine, and never a weaker one than was asked for."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from attrs import evolve, frozen

from cpyrender.child import linux
from cpyrender.pool.running_template import RunningTemplate
from cpyrender.pool.selfattack import attack as usual_attack
from cpyrender.pool.syscalls import NoFilter, compile_filter
from cpyrender.pool.template import LayerMissing, TemplateFailed, TemplateSettings
from cpyrender.pool.unprivileged import unused_uid
from cpyrender.pool.visible import readable_paths
from cpyrender.settings import DISK, ISOLATION, RenderSettings

#: What each level consists of.
LAYERS = {
    "full": ("bubblewrap", "namespaces for each script", "landlock", "seccomp", "rlimits"),
    "jail": ("bubblewrap", "landlock", "seccomp", "rlimits"),
    "confined": ("landlock", "seccomp", "rlimits"),
    "none": ("rlimits",),
}

# Where the jail has its one writable folder. No package installs anything below a name like this.
_SPOOL_IN_A_JAIL = Path("/cpyrender-spool")
_ROOM_FOR_CACHES = 64 << 20


@frozen
class Isolation:
    """A level that works here, and a template to prove it.

    @ivar settings: from which the template was started, and the next one is to be.
    """

    settings: TemplateSettings
    template: RunningTemplate


def strongest(
    render: RenderSettings,
    attack: Callable[[RunningTemplate, str], None] = usual_attack,
    meanwhile: Callable[[], object] | None = None,
) -> Isolation:
    """Start a template at the strongest level that works and withstands attack.

    @param meanwhile: is called while one warms up, once for each that is tried.
    @raise TemplateFailed: there is none that is at least as strong as was asked for; the message says what each lacks.
    """
    lacking: dict[str, list[str]] = {}
    # Weakest first in the settings' order.
    for level in reversed(ISOLATION[ISOLATION.index(render.isolation) :]):
        try:
            return try_level(level, render, attack, meanwhile=meanwhile)
        except LayerMissing as error:
            lacking.setdefault(str(error), []).append(level)
    raise TemplateFailed(
        f"isolation of at least '{render.isolation}' is asked for, and cannot be had here. "
        + "".join(f"{', '.join(levels)}: {what}. " for what, levels in lacking.items())
        + "SECURITY.md says what each level needs; --isolation none runs scripts without protection."
    )


def try_level(
    level: str,
    render: RenderSettings,
    attack: Callable[[RunningTemplate, str], None] = usual_attack,
    placement: bytes = b"",
    meanwhile: Callable[[], object] | None = None,
) -> Isolation:
    """Start a template at this level, and at no other.

    @param placement: as of L{TemplateSettings}.
    @param meanwhile: is called while it warms up.
    @raise TemplateFailed: it cannot be started, or does not withstand attack.
    """
    settings = settings_for(level, render, placement)
    try:
        template = settings.start(meanwhile)
        try:
            attack(template, level)
        except BaseException:
            template.close()
            raise
    except BaseException:
        settings.forget()
        raise
    return Isolation(settings, template)


def settings_for(level: str, render: RenderSettings, placement: bytes = b"") -> TemplateSettings:
    """Return what a template at this level is to be started from.

    @param placement: as of L{TemplateSettings}.
    @raise LayerMissing: something that the level needs is not there, as can be told without trying.
    """
    settings = TemplateSettings(
        level=level,
        spool=_SPOOL_IN_A_JAIL,
        memory=render.memory,
        cpu=render.cpu_seconds,
        runs=render.runs_per_process,
        preload=render.preload,
        fonts=render.fonts,
        legacy=not render.no_legacy,
        room=_ROOM_FOR_CACHES + render.slots * DISK,
        uid=unused_uid(),
        placement=placement,
    )
    if level != "none":
        settings = evolve(settings, readable=readable_paths(render.fonts), program=_filter())
        _ask_for_landlock()
    if level in {"full", "jail"}:
        return settings
    return evolve(settings, spool=Path(tempfile.mkdtemp(prefix="cpyrender-")))


def _filter() -> bytes:
    try:
        return compile_filter()
    except NoFilter as error:
        raise LayerMissing(str(error)) from None


def _ask_for_landlock() -> None:
    try:
        linux.landlock_version()
    except OSError as error:
        raise LayerMissing(
            f"the kernel has no Landlock ({error.strerror}): it needs Linux 5.13 or newer, with landlock among the "
            "names of the kernel's option lsm="
        ) from None
