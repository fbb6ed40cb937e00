"""Lets twistd and twist find cpyrender."""

from twisted.application.service import ServiceMaker

cpyrender = ServiceMaker("cpyrender", "cpyrender.tap", "POST a Python script, get its picture.", "cpyrender")
