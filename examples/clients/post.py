"""Post a script, keep the picture: ``python post.py URL SCRIPT OUTPUT``.

With requests it is ``requests.post(url, data=script)``, in a Twisted program ``await treq.post(url, data=script)``.
"""

import sys
import urllib.error
import urllib.request
from pathlib import Path

url, script, output = sys.argv[1:]

try:
    with urllib.request.urlopen(url, data=Path(script).read_bytes()) as response:
        picture = response.read()
except urllib.error.HTTPError as error:
    print(error.code, error.reason, file=sys.stderr)
    sys.exit(error.read().decode())

Path(output).write_bytes(picture)
print(response.headers["Content-Type"], len(picture), "bytes")
