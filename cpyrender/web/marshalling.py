"""XML-RPC (xmlrpc.com/spec.md): calls out of XML, and answers and faults into XML. The XML is a stranger's."""

from __future__ import annotations

import secrets
from base64 import b64encode
from typing import Any
from xml.parsers.expat import ExpatError
from xmlrpc.client import Binary, Fault, Unmarshaller, dumps

from attrs import frozen
from defusedxml import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.xmlrpc import DefusedExpatParser  # type: ignore[import-untyped]

from cpyrender.values import Output
from cpyrender.web.body import Part
from cpyrender.web.writing import filled

# xmlrpc-epi.sourceforge.net/specs/rfc.fault_codes.php
NOT_XML = -32700
NOT_A_CALL = -32600
NO_METHOD = -32601
BAD_PARAMS = -32602

_DEEPEST = 64
_PLAIN = (str, int, float, bool, type(None))


@frozen
class Call:
    """A method and what it is called with: str, int, float, bool, C{None}, bytes, datetime, lists and dicts."""

    method: str
    arguments: tuple[Any, ...]


def read_call(body: bytes) -> Call:
    """Read a call.

    @raise Fault: it is not one, or not XML, or has a document type, and so perhaps entities, in it.
    """
    unmarshaller = Unmarshaller(use_builtin_types=True)
    parser = DefusedExpatParser(unmarshaller, forbid_dtd=True)
    try:
        parser.feed(body)
        parser.close()
        arguments = unmarshaller.close()
    except (ExpatError, DefusedXmlException) as error:
        raise Fault(NOT_XML, f"this cannot be read: {error}") from None
    except Exception as error:
        # It takes what comes for what it should be, and raises whatever comes of that.
        raise Fault(NOT_A_CALL, f"this is not a call: {type(error).__name__}") from None
    method = unmarshaller.getmethodname()
    if not method:
        raise Fault(NOT_A_CALL, "this is not a call: there is no methodName")
    # Without params the unmarshaller takes the method's name for what there is.
    return Call(method, tuple(arguments))


def check_plain(what: str, value: object) -> None:
    """Refuse what a script cannot be given as a parameter.

    @param what: how to call it.
    @raise Fault: there is something in it that JSON does not have, or it is too deep.
    """
    level: list[object] = [value]
    for _ in range(_DEEPEST):
        inner: list[object] = []
        for one in level:
            if isinstance(one, dict):
                _check_names(what, one)
                inner += one.values()
            elif isinstance(one, list):
                inner += one
            elif not isinstance(one, _PLAIN):
                raise Fault(BAD_PARAMS, f"{what} has a {type(one).__name__} in it, which cannot be a parameter")
        if not inner:
            return
        level = inner
    raise Fault(BAD_PARAMS, f"{what} is more than {_DEEPEST} levels deep")


def _check_names(what: str, struct: dict[object, object]) -> None:
    if not all(isinstance(name, str) for name in struct):
        raise Fault(BAD_PARAMS, f"{what} has a name in it that is no string")


def answered(value: str | list[str]) -> list[Part]:
    """Return an answer as the parts of a body."""
    return [dumps((value,), methodresponse=True).encode()]


def answered_with(output: Output) -> list[Part]:
    """Return what a script made, a struct of C{media_type} and C{data}, as the parts of a body."""
    # Stands for the data, which is only encoded on its way.
    mark = secrets.token_bytes(18)
    text = dumps(({"media_type": output.media_type, "data": Binary(mark)},), methodresponse=True)
    return filled(text, b64encode(mark).decode(), [output.data])


def faulted(fault: Fault) -> list[Part]:
    """Return a fault as the parts of a body."""
    return [dumps(Fault(fault.faultCode, _sayable(fault.faultString))).encode()]


def _sayable(text: str) -> str:
    """Return a text without the characters that XML 1.0 cannot carry, however they are written (2.2)."""
    return "".join(char if _is_sayable(char) else "\N{REPLACEMENT CHARACTER}" for char in text)


def _is_sayable(char: str) -> bool:
    return char in "\t\n\r" or " " <= char <= "\ud7ff" or "\ue000" <= char <= "\ufffd" or char > "\uffff"
