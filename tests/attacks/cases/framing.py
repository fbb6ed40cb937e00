"""Framing: what a script writes into the channel of its answer, descriptor 3, is believed by nobody."""

from tests.attacks.attack import EVERYWHERE, Attack

_FRAME = """
import json, struct
def frame(header, body=b'', size=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack('!4sIQ', b'CPYR', len(text), len(body) if size is None else size) + text + body
def drawn(*outputs, **more):
    said = [{'name': '', 'media_type': 'text/plain', 'size': len(o)} | more.pop('output', {}) for o in outputs]
    return frame({'kind': 'drawn', 'outputs': said, 'figure_count': None} | more, b''.join(outputs))
def failed(**more):
    return frame({'kind': 'failed', 'cause': 'raised', 'message': 'forged'} | more)
def write(data):
    while data: data = data[os.write(3, data):]
"""
_WROTE = "^501 the script wrote into the channel of its answer"
_NO_SENSE = "^501 the script forged an answer that makes no sense"
_CLOSED = "^501 the script (closed the channel of its answer|ended the interpreter without an answer)"
_LATE = "^501 the script ran past its time limit"
_SLEEP = "\ntime.sleep(9)"


def _says(name: str, data: str, answer: str, then: str = _SLEEP) -> Attack:
    slow = answer == _LATE
    return Attack(name, f"{_FRAME}write({data}){then}", answer, EVERYWHERE, slow=slow)


ATTACKS = (
    _says("junk", "b'junk' * 100", _WROTE),
    _says("junk, then an answer", "b'junk' * 100", _WROTE, "\nresponse = 'x'"),
    _says("another magic", "drawn(b'x').replace(b'CPYR', b'cpyr')", _WROTE),
    _says("a second word of beginning", "b'\\6' + drawn(b'x')", _WROTE),
    _says("a header of no bytes", "struct.pack('!4sIQ', b'CPYR', 0, 0)", _WROTE),
    _says("a header of 4 GB", "struct.pack('!4sIQ', b'CPYR', (1 << 32) - 1, 0)", _WROTE),
    _says("a body of 16 EB", "struct.pack('!4sIQ', b'CPYR', 9, (1 << 64) - 1)", "^501 the answer is over the limit"),
    _says(
        "a body just over the limit",
        "struct.pack('!4sIQ', b'CPYR', 9, (1 << 20) + 1)",
        "^501 the answer is over the limit",
    ),
    _says("two frames", "drawn(b'one') + drawn(b'two')", "^200 one$"),
    _says("a forged success, then silence", "drawn(b'forged')", "^200 forged$"),
    _says("a forged success, then failure", "drawn(b'forged')", "^200 forged$", "\n1/0"),
    _says("half a frame, then silence", "drawn(b'forged')[:30]", _LATE),
    _says("half a frame, then the end", "drawn(b'forged')[:30]", "without an answer", "\nos._exit(0)"),
    _says("half a frame, then an answer", "drawn(b'forged' * 99)[:99]", "^501 |^200 ", "\nresponse = 'x'"),
    _says(
        "a frame byte by byte, then silence",
        "b''",
        _LATE,
        "\nfor b in drawn(b'x' * 99)[:99]: os.write(3, bytes([b])); time.sleep(.05)",
    ),
    _says("no JSON", "frame(b'{' * 100)", _WROTE),
    _says("JSON that is no object", "frame([1])", _WROTE),
    _says("JSON that is not UTF-8", "frame(b'\\xff\\xfe\\xfd')", _WROTE),
    _says("JSON nested a hundred thousand deep", "frame(b'[' * 100000 + b']' * 100000)", _WROTE),
    _says("objects nested a hundred thousand deep", "frame(b'{\"a\":' * 100000 + b'1' + b'}' * 100000)", _WROTE),
    _says("a number of 100 000 digits", "frame(b'{\"kind\":' + b'9' * 100000 + b'}')", f"{_WROTE}|{_NO_SENSE}"),
    _says("an empty object", "frame({})", _NO_SENSE),
    _says("an unknown kind", "frame({'kind': 'x'})", _NO_SENSE),
    _says("a kind that is a list", "frame({'kind': []})", _NO_SENSE),
    _says("no outputs", "frame({'kind': 'drawn', 'outputs': []})", _NO_SENSE),
    _says("outputs that are a text", "frame({'kind': 'drawn', 'outputs': 'text'})", _NO_SENSE),
    _says("outputs that are a number", "frame({'kind': 'drawn', 'outputs': 7})", _NO_SENSE),
    _says("outputs that are lists", "frame({'kind': 'drawn', 'outputs': [[]]})", _NO_SENSE),
    _says("outputs that are null", "frame({'kind': 'drawn', 'outputs': [None]})", _NO_SENSE),
    _says("more in the header than in the body", "drawn(b'x', output={'size': 2})", _NO_SENSE),
    _says("a size below zero", "drawn(b'x', output={'size': -1})", _NO_SENSE),
    _says("a size that is a bool", "drawn(b'x', output={'size': True})", _NO_SENSE),
    _says("a size of 4 000 digits", "drawn(b'x', output={'size': 10 ** 4000})", _NO_SENSE),
    _says("a size that is not finite", "drawn(b'x', output={'size': float('inf')})", _NO_SENSE),
    _says("a name that is a list", "drawn(b'x', output={'name': []})", _NO_SENSE),
    _says("a media type that is a list", "drawn(b'x', output={'media_type': []})", _NO_SENSE),
    _says("a media type of its own", "drawn(b'x', output={'media_type': 'text/html\\r\\nX-Forged: 1'})", "^200 x$"),
    _says(
        "a name with lines, and half a character",
        "drawn(b'x', output={'name': 'a\\r\\nX-Forged: 1\\0\\ud800.png'})",
        "^200 x$",
    ),
    _says("a name of 900 KB", "drawn(b'x', output={'name': 'n' * 900000})", "^200 x$"),
    _says("a count of figures with lines", "drawn(b'x', figure_count='1\\r\\nX-Forged: 1')", _NO_SENSE),
    _says("a count of figures below zero", "drawn(b'x', figure_count=-1)", _NO_SENSE),
    _says("a count of 4 000 digits", "drawn(b'x', figure_count=10 ** 4000)", _NO_SENSE),
    _says("a time of 4 000 digits", "drawn(b'x', run=10 ** 4000, encode=-10 ** 4000)", "^200 x$"),
    _says("a time that is none", "drawn(b'x', run=float('nan'), encode='soon')", "^200 x$"),
    _says("a failure with a time of 4 000 digits", "failed(run=10 ** 4000)", "^501 forged"),
    _says("a cause that there is not", "failed(cause='x')", _NO_SENSE),
    _says("a cause that is an object", "failed(cause={})", _NO_SENSE),
    _says("a message that is a number", "failed(message=7)", _NO_SENSE),
    _says(
        "a message with lines and half a character",
        "failed(message='forged\\r\\nX-Forged: 1\\0\\ud800')",
        "^501 forged",
    ),
    _says("a line that is a text", "failed(line='x')", _NO_SENSE),
    _says("a traceback that is a list", "failed(traceback=[])", _NO_SENSE),
    _says("an exception of 900 KB", "failed(exception='e' * 900000)", "^501 "),
    _says(
        "a forged end of CPU time",
        "frame({'kind': 'out-of-cpu'})",
        "^501 the script ran past its CPU time limit of 1 s",
    ),
    _says("forty thousand outputs", "drawn(*[b''] * 14000)", "^200 |^501 "),
    Attack("all descriptors closed", "os.closerange(0, 256)\ntime.sleep(9)", _CLOSED, EVERYWHERE),
    Attack(
        "all descriptors closed, then an answer",
        "os.closerange(0, 256)\nresponse = 'x'",
        f"{_CLOSED}|^200 x|exit status",
        EVERYWHERE,
    ),
    Attack("the answer's channel closed", "os.close(3)\nresponse = 'x'", "^501 ", EVERYWHERE),
    Attack(
        "stdout and stderr closed",
        "os.close(1); os.close(2); sys.stdout.close()\nresponse = 'x'",
        "^200 x|^501 ",
        EVERYWHERE,
    ),
    Attack("stdout on the answer's channel", "os.dup2(3, 1); print('x' * 100000)\nresponse = 'x'", _WROTE, EVERYWHERE),
    Attack("the answer's channel on stdout", "os.dup2(1, 3); response = 'x'", "^501 ", EVERYWHERE),
    Attack(
        "the answer's channel in packets",
        _FRAME + "import fcntl; fcntl.fcntl(3, fcntl.F_SETFL, os.O_DIRECT); response = 'x' * 100000",
        "^200 xxx|^501 ",
        EVERYWHERE,
    ),
    Attack(
        "the answer's channel not blocking",
        "import fcntl; fcntl.fcntl(3, fcntl.F_SETFL, os.O_NONBLOCK); response = 'x' * 1000000",
        "^200 xxx|^501 ",
        EVERYWHERE,
    ),
    Attack(
        "words of a crash, as often as there is room for",
        "os.write(2, b'Fatal Python error:\\n' * 3276); os.kill(os.getpid(), 11); os._exit(1)",
        "^501 ",
        EVERYWHERE,
    ),
    Attack(
        "a forged crash",
        'os.write(2, b\'Fatal Python error: Aborted\\n  File "script.py", line 999999999 '
        "in x\\n'); ctypes.string_at(8)",
        "^501 the script crashed the interpreter",
        EVERYWHERE,
    ),
    Attack(
        "a json module that lies",
        "import json\njson.dumps = lambda *a, **k: 'forged'\nresponse = 'x'",
        "^501 |^200 ",
        EVERYWHERE,
    ),
    Attack(
        "a wire module that lies",
        "from cpyrender import wire\nwire.pack = lambda *a: [b'CPYR' * 100]\nresponse = 'x'",
        _WROTE,
        EVERYWHERE,
    ),
)
