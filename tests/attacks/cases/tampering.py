"""Tampering: modules and builtins replaced or emptied, tracing, timers, and threads that go on to the end."""

from tests.attacks.attack import EVERYWHERE, Attack

#: In words, and without where the server's own files lie.
CLEAR = r"(?s)^(?!.*(cpyrender/child|site-packages|exit status 70))(200|501) ."
TIME = r"^501 the script ran past its (CPU )?time limit"


def tampers(name: str, script: str, answer: str = CLEAR) -> Attack:
    """Return an attack that has to be answered in time, whatever the answer is."""
    slow = answer == TIME
    # Which version of Landlock there is makes no difference to time.
    at = tuple(one for one in EVERYWHERE if one != "old") if slow else EVERYWHERE
    return Attack(name, script, answer, at, slow=slow)


ATTACKS = (
    tampers("os._exit patched", "os._exit=lambda *a: None\nresponse='x'"),
    tampers("os._exit patched, raising", "def f(*a): raise ValueError\nos._exit=f\nresponse='x'"),
    tampers("os.write patched none", "os.write=lambda *a: 0\nresponse='x'"),
    tampers("os.write patched huge", "os.write=lambda fd,d: len(d)\nresponse='x'"),
    tampers("time.perf_counter str", "time.perf_counter=lambda: 'now'\nresponse='x'"),
    tampers("time.perf_counter raises", "def f(): raise SystemExit\ntime.perf_counter=f\nresponse='x'"),
    tampers("time.perf_counter nan", "time.perf_counter=lambda: float('nan')\nresponse='x'"),
    tampers("json.dumps raises", "import json\ndef f(*a,**k): raise KeyError('j')\njson.dumps=f\nresponse='x'"),
    tampers("json.dumps endless", "import json\ndef f(*a,**k):\n    while True: pass\njson.dumps=f\nresponse={}", TIME),
    tampers(
        "wire.write_all endless",
        "from cpyrender import wire\ndef f(*a):\n    while True: time.sleep(1)\nwire.write_all=f\nresponse='x'",
        TIME,
    ),
    tampers("wire.pack raises", "from cpyrender import wire\nwire.pack=None\nresponse='x'"),
    tampers("wire cleared", "from cpyrender import wire\nwire.__dict__.clear()\nresponse='x'"),
    tampers("builtins cleared", "import builtins\nbuiltins.__dict__.clear()\nresponse='x'"),
    tampers("builtins isinstance", "import builtins\nbuiltins.isinstance=lambda *a: True\nresponse='x'"),
    tampers(
        "builtins isinstance raises",
        "import builtins\ndef f(*a): raise OSError('no')\nbuiltins.isinstance=f\nresponse='x'",
    ),
    tampers("builtins len", "import builtins\nbuiltins.len=lambda x: -1\nresponse='x'"),
    tampers("builtins bytes", "import builtins\nbuiltins.bytes=int\nresponse=b'x'"),
    tampers("BaseException replaced", "import builtins\nbuiltins.BaseException=int\nbuiltins.Exception=int\n1/0"),
    tampers("sys.modules cleared", "sys.modules.clear()\nresponse='x'"),
    tampers("sys.modules cleared figure", "from matplotlib import pyplot as plt\nplt.plot([1,2])\nsys.modules.clear()"),
    tampers("sys.modules cleared fails", "sys.modules.clear()\n1/0"),
    tampers("failure module gone", "from cpyrender.child import failure\nfailure.describe=None\n1/0"),
    tampers("traceback module gone", "import traceback\ntraceback.__dict__.clear()\n1/0"),
    tampers("del at exit", "class D:\n    def __del__(s):\n        while True: time.sleep(1)\nd=D(); response='x'"),
    tampers("atexit loop", "import atexit\natexit.register(lambda: [0 for _ in iter(int,1)])\nresponse='x'"),
    tampers("settrace", "def t(*a): raise KeyError('t')\nsys.settrace(t)\nresponse='x'"),
    tampers("setprofile", "def t(*a): raise KeyError('t')\nsys.setprofile(t)\nresponse='x'"),
    tampers(
        "setprofile exits",
        "def t(f,e,a):\n    if f.f_code.co_name!='<module>': os._exit(3)\nsys.setprofile(t)\nresponse='x'",
    ),
    tampers("setprofile loops", "def t(f,e,a):\n    while True: pass\nsys.setprofile(t)\nresponse='x'", TIME),
    tampers("frames patch", "f=sys._getframe()\nwhile f.f_back: f=f.f_back\nf.f_globals.clear()\nresponse='x'"),
    tampers("caller globals cleared", "sys._getframe(1).f_globals.clear()\nresponse='x'"),
    tampers("caller globals cleared fails", "sys._getframe(1).f_globals.clear()\n1/0"),
    tampers(
        "signal handler raise",
        "def h(*a): raise KeyError('h')\n"
        "signal.signal(signal.SIGALRM,h); signal.setitimer(signal.ITIMER_REAL,.0001,.0001)\n"
        "response='x'*100000",
    ),
    tampers(
        "signal handler exit",
        "signal.signal(signal.SIGALRM,lambda *a: os._exit(3)); signal.setitimer(signal.ITIMER_REAL,.3)\n"
        "response='x'; time.sleep(2)",
    ),
    tampers(
        "signal storm swallowed",
        "signal.signal(signal.SIGALRM,lambda *a: None); signal.setitimer(signal.ITIMER_REAL,1e-6,1e-6)\n"
        "from matplotlib import pyplot as plt\nplt.plot([1,2])",
        TIME,
    ),
    tampers("namespace deleted", "globals().clear()"),
    tampers(
        "warnings evil",
        "import warnings\nclass W(UserWarning):\n    def __str__(s): os._exit(3)\nwarnings.warn(W())\nresponse='x'",
    ),
    tampers(
        "warnings category evil",
        "import warnings\nfor n in range(1000): warnings.warn('x'*100000+str(n))\nresponse='x'",
    ),
    tampers(
        "warning texts patched",
        "import warnings\nf=warnings.showwarning\nfor c in f.__closure__:\n"
        "    try: c.cell_contents.texts=[1,{2},None]\n    except Exception: pass\nresponse='x'",
    ),
    tampers(
        "stdout replaced flush loops",
        "class S:\n    def flush(s):\n        while True: time.sleep(1)\n    def write(s,t): pass\n"
        "sys.stdout=S()\nresponse='x'",
        TIME,
    ),
    tampers(
        "stdout replaced flush raises", "class S:\n    def flush(s): raise KeyError('f')\nsys.stdout=S()\nresponse='x'"
    ),
    tampers("stdout flush exits", "class S:\n    def flush(s): sys.exit(3)\nsys.stderr=S()\nresponse='x'"),
    tampers(
        "thread at end prints",
        "def f():\n    while True: print('x'*1000)\nfor _ in range(8): threading.Thread(target=f).start()\n"
        "response='x'",
    ),
    tampers(
        "thread holds lock at end",
        "import io\nl=threading.Lock(); l.acquire()\nthreading.Thread(target=l.acquire).start()\nresponse='x'",
    ),
    tampers(
        "thread raises async in main",
        "def f():\n    for _ in range(100000): "
        "ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(threading.main_thread().ident), "
        "ctypes.py_object(SystemExit))\nthreading.Thread(target=f).start()\nresponse='x'*1000000",
    ),
    tampers("hang GIL", "ctypes.PyDLL(None).sleep(100)", TIME),
    tampers(
        "import hook evil",
        "class F:\n    def find_spec(s,*a): os._exit(3)\nsys.meta_path.insert(0,F())\n"
        "sys.modules.pop('cpyrender.child.pictures',None)\nfrom matplotlib import pyplot as plt\n"
        "plt.plot([1,2])",
    ),
    tampers("audit hook", "sys.addaudithook(lambda e,a: (_ for _ in ()).throw(KeyError(e)))\nresponse='x'"),
    tampers("gc callback", "import gc\ngc.callbacks.append(lambda *a: os._exit(3))\ngc.collect()\nresponse='x'"),
    tampers("recursion limit tiny", "sys.setrecursionlimit(len(__import__('inspect').stack())+5)\nresponse={}"),
    tampers("recursion limit tiny fails", "sys.setrecursionlimit(len(__import__('inspect').stack())+5)\n1/0"),
    tampers("switch interval", "sys.setswitchinterval(1e-9)\nresponse='x'"),
    tampers(
        "memory full then answer",
        "x=[]\ntry:\n    while True: x.append(bytearray(1<<12))\nexcept MemoryError: pass\nresponse='x'*500000",
    ),
    tampers(
        "memory full then raise",
        "x=[]\ntry:\n    while True: x.append(bytearray(1<<8))\nexcept MemoryError: pass\nkeep=x\n"
        "raise ValueError('y')",
    ),
    tampers("linecache evil", "import linecache\nlinecache.getline=lambda *a: 5\n1/0"),
    tampers("linecache cache evil", "import linecache\nlinecache.cache['script.py']=(1,None,[5]*1000,'x')\n1/0"),
    tampers("co_filename line huge", "exec(compile('\\n'*1000000+'1/0','script.py','exec'))"),
    tampers("close fd3 then reopen file", "os.close(3); os.open('f',os.O_CREAT|os.O_RDWR); response='x'"),
    tampers("dup fd 3 blocks", "a,b=os.pipe(); os.dup2(b,3); response='x'*1000000"),
    tampers("fd 3 socket", "a,b=socket.socketpair(); os.dup2(b.fileno(),3); response='x'*10000000"),
    tampers("dev zero endless", "f=os.open('/dev/zero',os.O_RDONLY)\nwhile True: os.read(f,1<<24)", TIME),
)
