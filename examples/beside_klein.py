"""A Klein app that draws at /draw: ``python examples/beside_klein.py --port 8080``."""

import argparse

from klein import Klein
from twisted.web.resource import IResource
from twisted.web.server import Request

from cpyrender import RenderResource

app = Klein()
drawing = RenderResource(slots=2, timeout=10)


@app.route("/")
def index(request: Request) -> str:
    request.setHeader("Content-Type", "text/html; charset=utf-8")
    return "<h1>Klein's page</h1> <p>POST a script to /draw.</p>"


@app.route("/hello/<name>")
def hello(request: Request, name: str) -> str:
    return f"hello, {name}"


@app.route("/draw/")
@app.route("/draw", branch=True)
def draw(request: Request) -> IResource:
    return drawing


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--port", type=int, default=8080, help="TCP port on 127.0.0.1")

app.run("127.0.0.1", parser.parse_args().port)
