"""A Flask site that gunicorn's workers serve; each of them is warm when it has imported this."""

from __future__ import annotations

from flask import Flask, Response, request

from benchmarks import drawing

drawing.warm()
app = Flask(__name__)


@app.post("/")
def render() -> Response:
    """Answer with what the body makes."""
    return Response(drawing.draw(request.get_data()))
