"""Post a script by XML-RPC, keep the picture: ``python post_xmlrpc.py URL SCRIPT OUTPUT``.

The URL is the server's, or that of the place where a site has it. Numbers, lists and structs in the second argument
reach the script's ``params`` as what they are.
"""

import sys
from pathlib import Path
from xmlrpc.client import Fault, ServerProxy

url, script, output = sys.argv[1:]

server = ServerProxy(url.rstrip("/") + "/RPC2", use_builtin_types=True)
try:
    answer = server.render(Path(script).read_text(encoding="utf-8"), {"steps": 400, "title": "by XML-RPC"})
except Fault as fault:
    print("fault", fault.faultCode, file=sys.stderr)
    sys.exit(fault.faultString)

Path(output).write_bytes(answer["data"])
print(answer["media_type"], len(answer["data"]), "bytes")
