"""Network: every family of sockets, every way to name somebody else, and names that nobody looks up."""

from tests.attacks.attack import EPERM, EVERYWHERE, WORKED, Attack, attempt, calls

# Level none has a network. Nothing here may leave the machine, so only the server's own port is tried there.
_NETWORK = (WORKED, "level none has a network")


def _socket(name: str, arguments: str, then: str = "") -> Attack:
    if not then:
        return attempt(name, f"socket.socket({arguments})")
    return Attack(name, f"s = socket.socket({arguments})\n{then}\nresponse = 'worked'")


ATTACKS = (
    Attack(
        "the server's own port",
        "socket.create_connection(('127.0.0.1', int(params['port'])), 1); response = 'worked'",
        EPERM,
        EVERYWHERE,
        {"none": _NETWORK},
    ),
    Attack("the address of a cloud's metadata", "socket.socket(); raise SystemExit('a socket could be made')"),
    _socket("listen", "", "s.bind(('127.0.0.1', 0)); s.listen()"),
    _socket("udp", "socket.AF_INET, socket.SOCK_DGRAM"),
    _socket("ipv6", "socket.AF_INET6"),
    _socket("a path of the unix family", "socket.AF_UNIX", "s.connect('/run/systemd/notify')"),
    _socket("an abstract name of the unix family", "socket.AF_UNIX", "s.connect('\\0x')"),
    _socket("datagrams of the unix family", "socket.AF_UNIX, socket.SOCK_DGRAM"),
    _socket("vsock", "40, socket.SOCK_STREAM"),
    _socket("netlink", "socket.AF_NETLINK, socket.SOCK_RAW"),
    _socket("netlink: audit", "socket.AF_NETLINK, socket.SOCK_RAW, 9"),
    _socket("packet", "socket.AF_PACKET, socket.SOCK_RAW"),
    _socket("raw", "socket.AF_INET, socket.SOCK_RAW, 1"),
    _socket("ping", "socket.AF_INET, socket.SOCK_DGRAM, 1"),
    _socket("the kernel's ciphers", "socket.AF_ALG, socket.SOCK_SEQPACKET"),
    _socket("bluetooth", "31, socket.SOCK_RAW"),
    _socket("can", "29, socket.SOCK_RAW"),
    _socket("key", "15, socket.SOCK_RAW"),
    _socket("xdp", "44, socket.SOCK_RAW"),
    _socket("multipath tcp", "socket.AF_INET, socket.SOCK_STREAM, 262"),
    Attack(
        "a datagram to somebody, from a pair",
        "one, two = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM); one.sendto(b'x', '/run/systemd/notify')",
    ),
    Attack("a pair of another kind", "socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET); response = 'worked'"),
    Attack("a pair of another family", "socket.socketpair(socket.AF_INET); response = 'worked'"),
    Attack(
        "an address beside a stream",
        "one, two = socket.socketpair(); one.sendto(b'x', '/run/systemd/notify'); response = 'worked'",
    ),
    Attack(
        "descriptors over a pair",
        "one, two = socket.socketpair(); socket.send_fds(one, [b'x'], [0]); response = 'worked'",
    ),
    Attack(
        "connect one of a pair elsewhere",
        "one, two = socket.socketpair(); one.connect('\\0x'); response = 'worked'",
    ),
    Attack("bind one of a pair", "one, two = socket.socketpair(); one.bind('\\0x'); response = 'worked'"),
    Attack(
        "who is at the other end of a pair",
        "one, two = socket.socketpair(); one.getsockopt(socket.SOL_SOCKET, 17, 12); response = 'worked'",
    ),
    Attack(
        "look a name up",
        "began = time.monotonic()\ntry:\n"
        "    socket.getaddrinfo('example.com', 80)\n"
        "except socket.gaierror as error:\n"
        "    response = f'failed within {int(time.monotonic() - began)} s'",
        "^200 failed within 0 s|Operation not permitted|Errno -",
    ),
    Attack(
        "look a name up, with urllib",
        "import urllib.request; urllib.request.urlopen('http://example.com/', timeout=2); response = 'worked'",
        "URLError|PermissionError|Errno",
    ),
    Attack("asyncio works", "import asyncio; asyncio.run(asyncio.sleep(0)); response = 'worked'", WORKED, EVERYWHERE),
    *calls(
        {
            "socket": "2, 1, 0",
            "socket 2": "(1 << 32) | 2, 1, 0",
            "socketpair 1": "(1 << 32) | 1, 2, 0, 0",
            "connect": "0, 0, 0",
            "accept4": "0, 0, 0, 0",
            "sendmsg": "1, 0, 0",
            "sendmmsg": "1, 0, 0, 0",
            "recvmsg": "1, 0, 0",
            "io_uring_setup": "8, 0",
            "io_uring_enter": "3, 0, 0, 0, 0, 0",
            "io_uring_register": "3, 0, 0, 0",
        }
    ),
)
