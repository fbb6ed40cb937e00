"""What the layers of isolation cost a script: C{python -m benchmarks.isolation [ROUNDS]}.

All levels that work on this machine are measured in turn, round after round in one run, for machines are noisy: what
counts is how the medians compare. Prints a Markdown table, in milliseconds.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from statistics import median

from cpyrender.pool.cancellation import Cancellation
from cpyrender.pool.conversation import Conversation, ConversationLimits
from cpyrender.pool.isolation import LAYERS, settings_for
from cpyrender.pool.running_template import RunningTemplate
from cpyrender.pool.template import TemplateFailed
from cpyrender.settings import ISOLATION, RenderSettings
from cpyrender.values import Drawn, Submission

SCRIPTS = {
    "empty script": b"response = b''",
    "line chart": b"from matplotlib import pyplot\npyplot.plot([1, 2, 4, 7, 9], [23, 45, 67, 99, 112])",
}
_LIMITS = ConversationLimits(seconds=30, cpu=30, output=1 << 26, log=1 << 16)
_SECONDS_UNTIL_READY = 0.03
_SECONDS_BETWEEN_LOOKS = 0.05


def templates() -> dict[str, RunningTemplate]:
    """Start a template at each level that works here, weakest first."""
    started = {}
    for level in ISOLATION:
        try:
            template = started[level] = settings_for(level, RenderSettings()).start()
        except TemplateFailed as error:
            sys.stderr.write(f"{level}: {error}\n")
            continue
        # It goes on warming up from its first fork on, beside whatever is measured.
        template.spare().remove()
        while not template.ripe():
            time.sleep(_SECONDS_BETWEEN_LOOKS)
    return started


def seconds(template: RunningTemplate, script: bytes, ready: bool) -> float:
    """Return how long one script takes, with a spare that is ready, or with one that is made for it."""
    began = time.perf_counter()
    spare, cancellation = template.spare(), Cancellation()
    if ready:
        time.sleep(_SECONDS_UNTIL_READY)
        began = time.perf_counter()
    ran = Conversation(spare, Submission(script=script), _LIMITS, cancellation).run()
    took = time.perf_counter() - began
    assert isinstance(ran, Drawn), ran
    cancellation.close()
    spare.remove()
    return took


def main(rounds: int) -> None:
    """Measure, and print the table."""
    running = templates()
    took: dict[tuple[str, str, bool], list[float]] = defaultdict(list)
    for number in range(rounds + 3):
        for name, script in SCRIPTS.items():
            for ready in (False, True):
                for level, template in running.items():
                    result = seconds(template, script, ready)
                    if number >= 3:
                        took[name, level, ready].append(result)
    for template in running.values():
        template.close()
    out = sys.stdout.write
    out("| script | spare | level | layers | median ms | over `none` | ratio |\n|---|---|---|---|---|---|---|\n")
    for name in SCRIPTS:
        for ready in (False, True):
            base = median(took[name, "none", ready])
            for level in running:
                now = median(took[name, level, ready])
                out(
                    f"| {name} | {'ready' if ready else 'on demand'} | {level} | {', '.join(LAYERS[level])} "
                    f"| {now * 1000:.2f} | {(now - base) * 1000:+.2f} | {now / base:.2f} |\n"
                )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
