"""Pretending: exceptions and answers that are not what they seem, and do something where they are looked at."""

from tests.attacks.cases.tampering import TIME, tampers

ATTACKS = (
    tampers("str loops", "class E(Exception):\n    def __str__(self):\n        while True: pass\nraise E", TIME),
    tampers("str kills", "class E(Exception):\n    def __str__(self): os.kill(os.getpid(),9); os.abort()\nraise E"),
    tampers("str recursion", "class E(Exception):\n    def __str__(self): return str(self)\nraise E"),
    tampers(
        "str returns evil",
        "class S(str):\n    def __len__(self): return 1<<60\n    def __getitem__(self,i): raise KeyError\n"
        "    def encode(self,*a): return 5\nclass E(Exception):\n    def __str__(self): return S('evil')\n"
        "raise E",
    ),
    tampers("str returns int", "class E(Exception):\n    def __str__(self): return 5\nraise E"),
    tampers(
        "str deletes",
        "class E(Exception):\n"
        "    def __str__(self): sys.modules.clear(); import builtins; del builtins.len; return 'x'\nraise E",
    ),
    tampers(
        "class name evil",
        "class M(type):\n    @property\n    def __name__(cls): raise SystemExit\n"
        "class E(Exception,metaclass=M): pass\nraise E",
    ),
    tampers(
        "class name property str",
        "class S(str):\n    def __getitem__(self,i): os._exit(5)\nclass M(type):\n"
        "    __name__=property(lambda c: S('n'))\nclass E(Exception,metaclass=M): pass\nraise E",
    ),
    tampers(
        "class name int",
        "class M(type):\n    __name__=property(lambda c: 5)\nclass E(Exception,metaclass=M): pass\nraise E",
    ),
    tampers("exception class evil", "class E(Exception):\n    __class__=property(lambda s: 1/0)\nraise E"),
    tampers(
        "exception class memory",
        "class E(Exception):\n    @property\n    def __class__(s): return MemoryError\nraise E",
    ),
    tampers("exception traceback evil", "class E(Exception):\n    __traceback__=property(lambda s: 5)\nraise E"),
    tampers("exception traceback raises", "class E(Exception):\n    __traceback__=property(lambda s: 1/0)\nraise E"),
    tampers("exception getattribute", "class E(Exception):\n    def __getattribute__(s,n): os._exit(7)\nraise E"),
    tampers(
        "exception getattribute loops",
        "class E(Exception):\n    def __getattribute__(s,n):\n        while 1: pass\nraise E",
        TIME,
    ),
    tampers("cause loop", "a=ValueError('a'); b=ValueError('b'); a.__cause__=b; b.__cause__=a\nraise a"),
    tampers("group deep", "e=ValueError(1)\nfor _ in range(5000): e=ExceptionGroup('g',[e])\nraise e"),
    tampers("group wide", "raise ExceptionGroup('g',[ValueError(n) for n in range(200000)])"),
    tampers("notes evil", "e=ValueError('x'); e.__notes__=[1/3, None, 'n'*(1<<22)]\nraise e"),
    tampers(
        "syntaxerror evil",
        "e=SyntaxError('x'); e.filename='script.py'; e.lineno=1<<70; e.text='t'*(1<<22); "
        "e.offset=-5; e.end_offset='x'\nraise e",
    ),
    tampers(
        "syntaxerror lineno subclass",
        "class I(int):\n    def __gt__(s,o): os._exit(9)\n"
        "e=SyntaxError('x'); e.filename='script.py'; e.lineno=I(5)\nraise e",
    ),
    tampers("sysexit evil", "class C:\n    def __repr__(s): raise BaseException('r')\nsys.exit(C())"),
    tampers("sysexit huge", "sys.exit('x'*(1<<26))"),
    tampers("raise outofcpu", "from cpyrender.child.confine import OutOfCPU\nraise OutOfCPU"),
    tampers("raise NoAnswer", "from cpyrender.child.answer import NoAnswer\nraise NoAnswer('m', 'no such cause')"),
    tampers("raise NoAnswer evil", "from cpyrender.child.answer import NoAnswer\nraise NoAnswer('m'*(1<<22), ['x'])"),
    tampers("repr recursion", "class R:\n    def __repr__(s): return repr([s])\nsys.exit(R())"),
    tampers("response hostile class", "class R:\n    @property\n    def __class__(s): return bytes\nresponse=R()"),
    tampers(
        "response hostile class str",
        "class R:\n    @property\n    def __class__(s): return str\n"
        "    def encode(s, **k): return 'not bytes'\nresponse=R()",
    ),
    tampers("response class raises", "class R:\n    @property\n    def __class__(s): 1/0\nresponse=R()"),
    tampers("response class exits", "class R:\n    @property\n    def __class__(s): os._exit(6)\nresponse=R()"),
    tampers(
        "response type name evil",
        "class M(type):\n    @property\n    def __name__(c): raise KeyboardInterrupt\n"
        "class R(metaclass=M): pass\nresponse=R()",
    ),
    tampers(
        "response bytes sub",
        "class B(bytes):\n    def __bytes__(s): return s*3\n    def __len__(s): return 1<<60\nresponse=B(b'x')",
    ),
    tampers(
        "response bytes sub endless",
        "class B(bytes):\n    def __bytes__(s):\n        while True: pass\nresponse=B(b'x')",
        TIME,
    ),
    tampers("response bytearray len", "class B(bytearray):\n    def __len__(s): return -1\nresponse=B(b'x')"),
    tampers("response str sub", "class B(str):\n    def encode(s,*a,**k): return 17\nresponse=B('x')"),
    tampers("response str sub list", "class B(str):\n    def encode(s,*a,**k): return [1,2]\nresponse=B('x')"),
    tampers(
        "response str sub memoryview",
        "import numpy\nclass B(str):\n    def encode(s,*a,**k): return numpy.arange(5)\nresponse=B('x')",
    ),
    tampers("response memoryview", "import numpy\nresponse=memoryview(numpy.arange(10)[::2])"),
    tampers("response memoryview released", "m=memoryview(b'x'); m.release(); response=m"),
    tampers("response lone surrogate", "response='\\ud800'"),
    tampers(
        "filename str sub",
        "class F(str):\n    def rpartition(s,*a): os._exit(8)\n    def __getitem__(s,i): return 5\n"
        "    def lower(s): return None\nfilename=F('a.png'); response=b'x'",
    ),
    tampers(
        "filename str sub obj",
        "class F(str):\n    def __getitem__(s,i): return {1,2}\nfilename=F('a.png'); response=b'x'",
    ),
    tampers("filename class evil", "class F:\n    __class__=str\nfilename=F(); response=b'x'"),
    tampers("response dict sub", "class D(dict):\n    def items(s): raise KeyError('items')\nresponse=D(a=1)"),
    tampers(
        "response dict endless",
        "class D(dict):\n    def items(s):\n        n=0\n        while True: n+=1; yield (str(n), n)\nresponse=D(a=1)",
    ),
    tampers("response float sub", "class I(float):\n    def __repr__(s): return 5\nresponse=I(5)"),
    tampers("response key evil", "class K(str):\n    def __str__(s): return 5\nresponse={K('a'):1}"),
    tampers("response huge int", "response=10**5000"),
    tampers(
        "figure sub savefig",
        "from matplotlib.figure import Figure\nclass F(Figure):\n    def savefig(s,*a,**k): return 'x'\n"
        "    def draw(s,*a): os._exit(4)\nresponse=F()",
    ),
    tampers(
        "figure sub canvas",
        "from matplotlib.figure import Figure\nclass F(Figure):\n"
        "    canvas=property(lambda s: 1/0, lambda s,v: None)\nresponse=F()",
    ),
    tampers(
        "figure sub savefig writes junk",
        "from matplotlib.figure import Figure\nclass F(Figure):\n"
        "    def savefig(s,f,*a,**k): f.write(b'junk')\n    def draw(s,*a): pass\nresponse=F()",
    ),
    tampers("figure class lie", "from matplotlib.figure import Figure\nclass F:\n    __class__=Figure\nresponse=F()"),
    tampers(
        "image sub",
        "from PIL import Image\nclass I(Image.Image):\n    def save(s,f,*a,**k): f.write(b'junk')\n"
        "    size=property(lambda s:(1<<40,1<<40))\nresponse=I()",
    ),
    tampers("image class lie", "from PIL import Image\nclass I:\n    __class__=Image.Image\nresponse=I()"),
    tampers(
        "array sub",
        "import numpy\nclass A(numpy.ndarray):\n    def __array_finalize__(s,o): pass\n    @property\n"
        "    def shape(s): return (1<<40,1<<40)\nresponse=numpy.zeros((4,4),'uint8').view(A)",
    ),
    tampers(
        "array object",
        "import numpy\nclass O:\n    def __float__(s): os._exit(2)\nresponse=numpy.array([[O()]],dtype=object)",
    ),
    tampers(
        "array interface lie",
        "class A:\n"
        "    __array_interface__={'shape':(1000,1000),'typestr':'|u1','data':(8,False),'version':3}\n"
        "response=A()",
    ),
    tampers(
        "figures get_fignums lie",
        "from matplotlib import pyplot as plt\nplt.get_fignums=lambda: [1,2,'x',None]*1000000",
    ),
    tampers(
        "Gcf lie", "from matplotlib import pyplot as plt\nfrom matplotlib import _pylab_helpers as h\nh.Gcf.figs=5"
    ),
)
