"""Tests of L{cpyrender.web.metrics}."""

from __future__ import annotations

from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text
from twisted.trial.unittest import SynchronousTestCase

from cpyrender.metrics import Metrics
from cpyrender.web.metrics import MetricsDoor
from tests.web.requests import exchange, mounted

OPEN = "application/openmetrics-text"


class MetricsTests(SynchronousTestCase):
    """L{MetricsDoor}."""

    def setUp(self) -> None:
        metrics = Metrics()
        metrics.answered("classic", 200, 100)
        self.root = mounted(MetricsDoor(metrics))

    def test_formats(self) -> None:
        """It is Prometheus' text, or OpenMetrics for who asks for that; both can be parsed."""
        for accept, kind, read in (
            ("*/*", "text/plain", read_text),
            (f"{OPEN};version=1.0.0,text/plain;q=0.5", OPEN, read_openmetrics),
        ):
            reply = exchange(self.root, "GET", "/", f"Accept: {accept}")
            self.assertEqual((reply.status, reply.media_type), (200, kind))
            samples = {sample.name: sample for family in read(reply.text) for sample in family.samples}
            self.assertEqual(samples["cpyrender_requests_total"].labels, {"door": "classic", "status": "200"})
            self.assertEqual(samples["cpyrender_response_bytes_total"].value, 100)

    def test_headers(self) -> None:
        """The answer has a known length, nobody keeps it, and it depends on C{Accept}."""
        reply = exchange(self.root, "GET")
        expected = {"cache-control": "no-store", "vary": "Accept", "content-length": str(len(reply.body))}
        for name, value in expected.items():
            self.assertEqual(reply.headers[name], value)

    def test_other_methods(self) -> None:
        """HEAD asks the same without the body, and metrics cannot be posted."""
        head = exchange(self.root, "HEAD")
        self.assertEqual((head.status, head.body), (200, b""))
        self.assertEqual(exchange(self.root, "POST").status, 405)
