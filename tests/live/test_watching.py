"""Watching over a real server: its metrics, the dashboard that shows them, and its log."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families
from twisted.trial.unittest import SynchronousTestCase

from tests.live.running import EXAMPLES, Running, free_port, request, serving, shared, twist, until

DASHBOARD = EXAMPLES / "grafana" / "cpyrender.json"


def metrics(server: Running) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """Return all samples: by name, by labels."""
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(server.get("/metrics").text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


class MetricsTests(SynchronousTestCase):
    def test_counts(self) -> None:
        """What scripts come to, cost and weigh is counted, also what only the template knows."""
        server = serving("--slots", "2").__enter__()
        self.addCleanup(server.stop)
        server.post("x = 0\nfor _ in range(3_000_000): x += 1\nresponse = bytes(100_000_000)[:1000]")
        server.post("1 / 0")
        server.post("import os; os._exit(3)")
        until(lambda: metrics(server)["cpyrender_script_cpu_seconds_count"][()] == 3, "the ends of three scripts")
        found = metrics(server)
        self.assertEqual(
            found["cpyrender_scripts_total"],
            {(("outcome", kind),): 1.0 for kind in ("drawn", "raised", "crashed")},
        )
        self.assertGreater(found["cpyrender_script_cpu_seconds_sum"][()], 0.02)
        self.assertGreater(found["cpyrender_script_peak_memory_bytes_sum"][()], 100_000_000)
        self.assertEqual(found["cpyrender_requests_total"][("door", "classic"), ("status", "200")], 1)
        self.assertEqual(found["cpyrender_requests_total"][("door", "classic"), ("status", "501")], 2)
        self.assertGreater(found["cpyrender_response_bytes_total"][(("door", "classic"),)], 1000)
        until(lambda: metrics(server)["cpyrender_spares_ready"][()] == 2, "two spares")

    def test_dashboard(self) -> None:
        """Each metric that the dashboard shows, and each label that it goes by, is there on a live server."""
        server = shared()
        server.post("response = 'x'")
        found = metrics(server)
        board = json.loads(DASHBOARD.read_text())
        shown = " ".join(target["expr"] for panel in board["panels"] for target in panel["targets"])
        names = set(re.findall(r"\b(?:cpyrender|process)_\w+", shown))
        self.assertGreater(len(names), 15)
        self.assertEqual(names - found.keys(), set())
        labels = {label for samples in found.values() for pairs in samples for label, _ in pairs}
        for words in re.findall(r"by \(([^)]+)\)", shown):
            self.assertEqual(set(words.split(", ")) - labels, set())

    def test_token(self) -> None:
        """Where there is a token, metrics are shown to who has it."""
        path = Path(self.mktemp()).absolute()
        path.touch(mode=0o600)
        path.write_text("secret")
        server = serving("--token-file", str(path)).__enter__()
        self.addCleanup(server.stop)
        self.assertEqual(server.get("/metrics").status, 401)
        self.assertEqual(server.get("/metrics", {"Authorization": "Bearer secret"}).status, 200)


class LogTests(SynchronousTestCase):
    def test_json(self) -> None:
        """With C{twist --log-format=json} each request is one JSON object, and no script's text is in any."""
        port = free_port()
        command = twist("--log-format=json", "cpyrender", "--port", str(port))
        server = Running(command, port).__enter__()
        self.addCleanup(server.stop)
        reply = server.post("x = 'secret'\nraise ValueError(x)", headers={"X-Request-Id": "me"})
        self.assertEqual(reply.headers["x-request-id"], "me")
        server.get("/health", {"X-Request-Id": "you"})
        until(lambda: '"id": "you"' in server.log, "the line of the last request")
        events = [json.loads(line.strip("\x1e")) for line in server.log.splitlines() if line.strip("\x1e")]
        (event,) = [event for event in events if event.get("id") == "me"]
        self.assertEqual(
            [event[name] for name in ("door", "status", "outcome", "client", "exception", "line")],
            ["classic", 501, "raised", "127.0.0.1", "ValueError", 2],
        )
        self.assertEqual(event["log_level"]["name"], "warn")
        self.assertGreater(event["seconds"], 0)
        self.assertGreater(event["bytes"], 0)
        self.assertNotIn("secret", server.log)

    def test_client_leaves(self) -> None:
        """A client that leaves before it is answered is in the log too."""
        server = shared()
        body = "import time; time.sleep(30)"
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            head = f"POST /left HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n{body}"
            connection.sendall(head.encode())
            until(lambda: b'"busy": 0' not in request(server.port, "GET", "/health").body, "a busy slot")
        until(lambda: "POST /left 499 classic - " in server.log, "the line of who left")
