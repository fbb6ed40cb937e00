"""Attacking oneself: nothing is listened for before this has failed."""

from __future__ import annotations

import json
import os
import secrets
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cpyrender.pool.cancellation import Cancellation
from cpyrender.pool.conversation import Conversation, ConversationLimits, Interrupted, NeverBegan
from cpyrender.pool.running_template import RunningTemplate
from cpyrender.pool.template import LayerMissing
from cpyrender.values import Drawn, Ran, Submission

_LIMITS = ConversationLimits(seconds=20, cpu=20, output=1 << 20, log=1 << 14)


def attack(template: RunningTemplate, level: str) -> None:
    """Attack this machine from a child of the template.

    @raise LayerMissing: a child cannot be shut in as this level has it, or one of the attacks worked.
    """
    with _targets() as params:
        ran = _run(template, {**params, "level": level})
    if not isinstance(ran, Drawn):
        raise LayerMissing(f"a script that attacks was not stopped as it should be: {ran}")
    outcomes: dict[str, str] = json.loads(bytes(ran.outputs[0].data))
    worked = [f"{name} ({outcome})" for name, outcome in outcomes.items() if not outcome.startswith("refused")]
    if worked:
        raise LayerMissing(f"a script can {'; '.join(worked)}")


def _run(template: RunningTemplate, params: dict[str, object]) -> Ran:
    script = Path(__file__).with_name("attacker.py").read_bytes()
    spare, cancellation = template.spare(), Cancellation()
    try:
        return Conversation(spare, Submission(script=script, params=params), _LIMITS, cancellation).run()
    except NeverBegan as error:
        raise LayerMissing(f"a child could not be shut in: {error}") from None
    except Interrupted:
        raise LayerMissing("the template died under attack") from None
    finally:
        cancellation.close()
        spare.remove()


@contextmanager
def _targets() -> Iterator[dict[str, object]]:
    """Put up what is worth attacking, open to everybody as far as file modes and ports go."""
    with (
        tempfile.TemporaryDirectory(prefix="cpyrender-target-") as folder,
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as named,
    ):
        os.chmod(folder, 0o777)
        secret = Path(folder, "secret")
        secret.write_text("a secret")
        secret.chmod(0o644)
        name = f"cpyrender-{secrets.token_hex(8)}"
        named.bind("\0" + name)
        named.listen()
        yield {
            "secret": str(secret),
            "outside": str(Path(folder, "outside")),
            "server": os.getpid(),
            "port": tcp.getsockname()[1],
            "name": name,
        }
