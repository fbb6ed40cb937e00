"""C{concurrent.futures.ProcessPoolExecutor} behind aiohttp: warm workers that never fork."""

from __future__ import annotations

import asyncio
from concurrent.futures import ProcessPoolExecutor

from aiohttp import web

from benchmarks import drawing


def serve(port: int, workers: int) -> None:
    """Serve on loopback until SIGTERM."""
    with ProcessPoolExecutor(workers, initializer=drawing.warm) as pool:

        async def answer(request: web.Request) -> web.Response:
            source = await request.read()
            return web.Response(body=await asyncio.get_running_loop().run_in_executor(pool, drawing.draw, source))

        site = web.Application()
        site.add_routes([web.post("/", answer)])
        web.run_app(site, host="127.0.0.1", port=port, access_log=None, print=lambda line: None)
