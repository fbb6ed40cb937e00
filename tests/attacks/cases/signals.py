"""Signals, and ways to end: to others, to itself, and not at all."""

from tests.attacks.attack import EPERM, EVERYWHERE, Attack, attempt, calls

_OUT_OF_TIME = "^501 the script ran past its time limit of 2 s"
_OUT_OF_CPU = "^501 the script ran past its CPU time limit of 1 s"
_TOO_LONG = f"{_OUT_OF_TIME}|{_OUT_OF_CPU}"

_TO_OTHERS = (
    *(
        attempt(f"kill {name} by {number}", f"os.kill({pid}, signal.{number})", f"{EPERM}|No such process")
        for name, pid in (
            ("everybody", "-1"),
            ("the server", "int(params['server'])"),
            ("the server's group", "-int(params['server'])"),
            ("the template", "os.getppid() or 2"),
            ("its own group", "0"),
            ("its own group by number", "-os.getpid()"),
            ("the process before", "os.getpid() - 1"),
            ("the process after", "os.getpid() + 1"),
            ("the first process", "1 if os.getpid() != 1 else 2"),
        )
        for number in ("SIGKILL", "SIGTERM")
    ),
    *calls(
        {
            "tgkill of the server": "int(params['server']), int(params['server']), 9",
            "tgkill of the template": "os.getppid() or 2, os.getppid() or 2, 9",
            "tkill of the server": "int(params['server']), 9",
            "rt_sigqueueinfo to the server": "int(params['server']), 9, bytes(128)",
            "rt_tgsigqueueinfo to the server": "int(params['server']), int(params['server']), 9, bytes(128)",
            "kill with a high word": "(1 << 32) | os.getpid(), 0",
            "fcntl F_SETOWN of the template": "1, 8, os.getppid() or 2",
            "fcntl F_SETSIG SIGKILL": "1, 10, 9",
            "prctl PR_SET_PDEATHSIG off": "1, 0, 0, 0, 0",
            "prctl PR_SET_CHILD_SUBREAPER off": "36, 0, 0, 0, 0",
        }
    ),
    Attack(
        "a signal to another by way of a pipe",
        "import fcntl\nr, w = os.pipe()\n"
        "fcntl.fcntl(r, 8, os.getppid() or 2); fcntl.fcntl(r, 10, 9)\n"
        "fcntl.fcntl(r, fcntl.F_SETFL, os.O_ASYNC); os.write(w, b'x'); response = 'worked'",
    ),
    Attack(
        "a timer that signals another thread",
        # struct sigevent: value, signal, SIGEV_THREAD_ID, whom.
        "import struct\nlibc.syscall.argtypes = None\n"
        "event = struct.pack('qiii', 0, 9, 4, int(params['server'])) + bytes(44); number "
        "= ctypes.c_int()\n"
        "checked(libc.timer_create(0, event, ctypes.byref(number))); response = 'worked'",
        r"\[Errno 22\]",
    ),
)


def _ends(name: str, script: str, said: str, at: tuple[str, ...] = EVERYWHERE) -> Attack:
    slow = "ran past" in said
    # Which version of Landlock there is makes no difference to time.
    return Attack(name, script, said, tuple(one for one in at if one != "old") if slow else at, slow=slow)


_ENDS = (
    _ends("sys.exit", "sys.exit()", r"^501 SystemExit: the script called sys\.exit\(\)"),
    _ends("sys.exit with a text", "sys.exit('no')", r"^501 SystemExit: the script called sys\.exit\('no'\)"),
    _ends("SystemExit", "raise SystemExit(0)", r"^501 SystemExit: the script called sys\.exit\(0\)"),
    _ends("exit", "exit(2)", r"^501 (SystemExit: the script called sys\.exit\(2\)|NameError)"),
    _ends("KeyboardInterrupt", "raise KeyboardInterrupt", "^501 KeyboardInterrupt"),
    _ends("a BaseException", "raise BaseException('base')", "^501 BaseException: base"),
    _ends("GeneratorExit", "raise GeneratorExit", "^501 GeneratorExit"),
    _ends(
        "an exception whose text raises",
        "class E(Exception):\n    def __str__(self): 1/0\nraise E",
        r"^501 E.*str\(\) raised",
    ),
    _ends(
        "an exception whose text exits",
        "class E(Exception):\n    def __str__(self): os._exit(0)\nraise E",
        "^501 the script ended the interpreter without an answer",
    ),
    _ends("os._exit(0)", "os._exit(0)", r"^501 the script ended the interpreter without an answer \(exit status 0\)"),
    _ends("os._exit(3)", "os._exit(3)", r"^501 the script ended the interpreter without an answer \(exit status 3\)"),
    _ends(
        "exit from a thread", "threading.Thread(target=os._exit, args=(4,)).start(); time.sleep(9)", r"exit status 4\)"
    ),
    _ends("abort", "os.abort()", r"^501 the script crashed the interpreter \(SIGABRT\)"),
    _ends("a segmentation fault", "ctypes.string_at(8)", r"^501 the script crashed the interpreter \(SIGSEGV\)"),
    _ends(
        "a fault with the fault handler off",
        "import faulthandler; faulthandler.disable(); ctypes.string_at(8)",
        r"^501 the script crashed the interpreter \(SIGSEGV\)",
    ),
    _ends("a division by zero in C", "signal.raise_signal(signal.SIGFPE)", "^501 .*(SIGFPE|did not return)"),
    _ends(
        "kill itself",
        "os.kill(os.getpid(), 9); time.sleep(.2); response = 'lives'",
        r"^501 the script crashed the interpreter \(SIGKILL\)|^200 lives",
    ),
    _ends(
        "terminate itself",
        "os.kill(os.getpid(), 15); time.sleep(.2); response = 'lives'",
        r"^501 the script crashed the interpreter \(SIGTERM\)|^200 lives",
    ),
    _ends("interrupt itself", "os.kill(os.getpid(), 2); time.sleep(1)", "^501 KeyboardInterrupt"),
    _ends("stop itself", "os.kill(os.getpid(), 19); time.sleep(9)", _TOO_LONG),
    _ends("an endless loop", "while True: pass", _TOO_LONG),
    _ends("an endless sleep", "time.sleep(1e6)", _TOO_LONG),
    _ends("swallow SIGXCPU", "signal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass", _TOO_LONG),
    _ends(
        "swallow the exception of SIGXCPU",
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        _TOO_LONG,
    ),
    _ends(
        "block SIGXCPU", "signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())\nwhile True: pass", _TOO_LONG
    ),
    _ends(
        "ignore every signal and sleep",
        "for n in range(1, 65):\n    try: signal.signal(n, signal.SIG_IGN)\n"
        "    except (OSError, ValueError): pass\n"
        "time.sleep(1e6)",
        _TOO_LONG,
    ),
    _ends(
        "a storm of timers",
        "signal.signal(signal.SIGALRM, lambda *_: None); signal.setitimer(signal.ITIMER_REAL, "
        "1e-6, 1e-6)\nwhile True: time.sleep(9)",
        _TOO_LONG,
    ),
    _ends(
        "an alarm that nobody handles",
        "signal.alarm(1); time.sleep(9)",
        "SIGALRM|ran past its time limit|process 1 ignores it",
    ),
    _ends("sleep at exit", "import atexit; atexit.register(time.sleep, 1e6); response = 'answered'", "^200 answered"),
    _ends(
        "a thread that goes on",
        "threading.Thread(target=time.sleep, args=(1e6,)).start(); response = 'answered'",
        "^200 answered",
    ),
    _ends(
        "a thread that goes on after the main one's death",
        "def on():\n    while True: time.sleep(.1)\n"
        "threading.Thread(target=on).start()\n"
        "libc.syscall(60 if os.uname().machine == 'x86_64' else 93, 0)",
        _TOO_LONG,
    ),
)

ATTACKS = (*_TO_OTHERS, *_ENDS)
