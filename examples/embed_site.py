"""A site of one's own that draws at /draw: ``python examples/embed_site.py --port 8080``."""

import argparse

from twisted.internet import reactor
from twisted.web.resource import Resource
from twisted.web.server import Site
from twisted.web.static import Data

from cpyrender import RenderResource, protect

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--port", type=int, default=8080, help="TCP port on 127.0.0.1")
port = parser.parse_args().port

root = Resource()
root.putChild(b"", Data(b"<h1>My own page</h1> <p>POST a script to /draw.</p>", "text/html; charset=utf-8"))
root.putChild(b"draw", RenderResource(slots=2, timeout=10))
site = Site(root, parsePOSTFormSubmission=False)
protect(site, "/draw")

reactor.listenTCP(port, site, interface="127.0.0.1")
reactor.run()
