"""A Flask app and cpyrender in one Twisted site: ``python examples/beside_flask.py --port 8080``."""

import argparse

from flask import Flask
from twisted.internet import reactor
from twisted.web.resource import IResource, Resource
from twisted.web.server import Request, Site
from twisted.web.wsgi import WSGIResource

from cpyrender import RenderResource

app = Flask(__name__)


@app.route("/")
def index() -> str:
    return "<h1>Flask's page</h1> <p>POST a script to /draw.</p>"


@app.route("/hello/<name>")
def hello(name: str) -> dict[str, str]:
    return {"hello": name}


class Beside(Resource):
    """Hands every path that is not one of its children to a WSGI application."""

    def __init__(self, wsgi: IResource) -> None:
        super().__init__()
        self._wsgi = wsgi

    def getChild(self, path: bytes, request: Request) -> IResource:  # noqa: N802 (twisted.web.resource.IResource's name)
        # The application is to see the whole path.
        request.postpath.insert(0, request.prepath.pop())
        return self._wsgi


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--port", type=int, default=8080, help="TCP port on 127.0.0.1")
port = parser.parse_args().port

root = Beside(WSGIResource(reactor, reactor.getThreadPool(), app))
root.putChild(b"draw", RenderResource(slots=2, timeout=10))

reactor.listenTCP(port, Site(root, parsePOSTFormSubmission=False), interface="127.0.0.1")
reactor.run()
