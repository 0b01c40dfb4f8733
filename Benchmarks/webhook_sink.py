"""Endpoints of subscribers for the benchmark: `/ok/N` takes everything, `/verified/N` what the package standardwebhooks
finds to be signed with the secret that `POST /secret` has set; `/500/N`, `/429/N` and `/hang/N` take nothing.

    python webhook_sink.py [uvicorn]      prints its port, and serves until its standard input is closed

With `uvicorn` it is what a subscriber runs, a Starlette application under uvicorn with one worker, and has `/uvicorn/N`
alone, which verifies as well; without, it reads HTTP itself, and costs as little as Python can.

`GET /stats` gives what was taken: how many requests, how many distinct ids at each endpoint, and how long the messages
were on their way, in milliseconds since `sent_at` in their bodies. `POST /reset` forgets it.
"""

import asyncio
import json
import re
import socket
import sys
import threading
import time

import uvicorn
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

SENT_AT = re.compile(rb'"sent_at":(\d+)')
HANGING = object()


class Sink:
    def __init__(self) -> None:
        self.webhook = None
        self.forget()

    def forget(self) -> None:
        self.requests, self.ids, self.delays = 0, {}, []

    def is_signed(self, headers, body: bytes) -> bool:
        try:
            self.webhook.verify(body, headers)
            return True
        except WebhookVerificationError:
            return False

    def take(self, name: str, key: str, body: bytes) -> None:
        self.ids.setdefault(name, set()).add(key)
        sent = SENT_AT.search(body)
        if sent:
            self.delays.append(time.time() * 1000 - int(sent.group(1)))

    def control(self, what: str, body: bytes) -> bytes:
        if what == "secret":
            self.webhook = Webhook(body.decode())
            return b""
        if what == "reset":
            self.forget()
            return b""
        delays = sorted(self.delays)
        return json.dumps({
            "requests": self.requests,
            "distinct": {name: len(ids) for name, ids in self.ids.items()},
            "p50": delays[len(delays) // 2] if delays else 0,
            "p99": delays[int(len(delays) * 0.99)] if delays else 0,
        }).encode()

    def answer(self, path: bytes, head: bytes, body: bytes):
        kind, _, name = path[1:].partition(b"/")
        if kind == b"verified":
            lines = head.decode().split("\r\n")[1:-1]
            if not self.is_signed(dict(line.split(": ", 1) for line in lines), body):
                return b"401 Unauthorized", b""
        if kind in (b"ok", b"verified"):
            self.requests += 1
            start = head.lower().find(b"webhook-id: ")
            if start >= 0:
                self.take(name.decode(), head[start + 12:head.index(b"\r\n", start)].decode(), body)
            return b"200 OK", b""
        if kind == b"hang":
            return HANGING
        if kind in (b"500", b"429"):
            return kind + b" No", b""
        return b"200 OK", self.control(kind.decode(), body)


class Connection(asyncio.Protocol):
    def __init__(self, sink: Sink) -> None:
        self.sink, self.received = sink, b""

    def connection_made(self, transport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        while True:
            end = self.received.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self.received[:end + 2]
            length, mark = 0, head.lower().find(b"content-length:")
            if mark >= 0:
                length = int(head[mark + 15:head.index(b"\r\n", mark)])
            if len(self.received) < end + 4 + length:
                return
            body = self.received[end + 4:end + 4 + length]
            self.received = self.received[end + 4 + length:]
            path = head.split(b" ", 2)[1]
            answer = self.sink.answer(path, head, body)
            if answer is HANGING:
                return
            self.transport.write(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (answer[0], len(answer[1]), answer[1]))


async def serve(listener: socket.socket) -> None:
    sink = Sink()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(sink), sock=listener, backlog=4096)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


def application() -> Starlette:
    sink = Sink()

    async def message(request: Request) -> Response:
        body = await request.body()
        if not sink.is_signed(request.headers, body):
            return Response(status_code=401)
        sink.requests += 1
        sink.take(request.path_params["name"], request.headers["webhook-id"], body)
        return Response(status_code=204)

    async def control(request: Request) -> Response:
        return Response(sink.control(request.path_params["what"], await request.body()))

    return Starlette(routes=[
        Route("/uvicorn/{name}", message, methods=["POST"]), Route("/{what}", control, methods=["GET", "POST"]),
    ])


def serve_application(listener: socket.socket) -> None:
    # Nobody reads its standard output, so it keeps no log of requests.
    server = uvicorn.Server(uvicorn.Config(application(), log_level="warning", access_log=False))

    def await_end() -> None:
        sys.stdin.read()
        server.should_exit = True

    threading.Thread(target=await_end, daemon=True).start()
    server.run(sockets=[listener])


listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
print(listener.getsockname()[1], flush=True)
if sys.argv[1:] == ["uvicorn"]:
    serve_application(listener)
else:
    asyncio.run(serve(listener))
