"""Endpoints of subscribers for the benchmark: `/ok/N` takes everything, `/verified/N` what the package standardwebhooks
finds to be signed with the secret that `POST /secret` has set; `/500/N`, `/429/N` and `/hang/N` take nothing.

    python webhook_sink.py      prints its port, and serves until its standard input is closed

`GET /stats` gives what was taken: how many requests, how many distinct ids at each endpoint, and how long the messages
were on their way, in milliseconds since `sent_at` in their bodies. `POST /reset` forgets it.
"""

import asyncio
import json
import re
import sys
import time

from standardwebhooks import Webhook, WebhookVerificationError

SENT_AT = re.compile(rb'"sent_at":(\d+)')
HANGING = object()


class Sink:
    def __init__(self) -> None:
        self.webhook = None
        self.forget()

    def forget(self) -> None:
        self.requests, self.ids, self.delays = 0, {}, []

    def answer(self, method: bytes, path: bytes, head: bytes, body: bytes):
        kind, _, name = path[1:].partition(b"/")
        if kind == b"verified":
            lines = head.decode().split("\r\n")[1:-1]
            try:
                self.webhook.verify(body, dict(line.split(": ", 1) for line in lines))
            except WebhookVerificationError:
                return b"401 Unauthorized", b""
        if kind in (b"ok", b"verified"):
            self.requests += 1
            start = head.lower().find(b"webhook-id: ")
            if start >= 0:
                key = head[start + 12:head.index(b"\r\n", start)]
                self.ids.setdefault(name, set()).add(key)
                sent = SENT_AT.search(body)
                if sent:
                    self.delays.append(time.time() * 1000 - int(sent.group(1)))
            return b"200 OK", b""
        if kind == b"hang":
            return HANGING
        if kind in (b"500", b"429"):
            return kind + b" No", b""
        if kind == b"secret":
            self.webhook = Webhook(body.decode())
            return b"200 OK", b""
        if kind == b"reset":
            self.forget()
            return b"200 OK", b""
        delays = sorted(self.delays)
        return b"200 OK", json.dumps({
            "requests": self.requests,
            "distinct": {name.decode(): len(ids) for name, ids in self.ids.items()},
            "p50": delays[len(delays) // 2] if delays else 0,
            "p99": delays[int(len(delays) * 0.99)] if delays else 0,
        }).encode()


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
            method, path, _ = head.split(b" ", 2)
            answer = self.sink.answer(method, path, head, body)
            if answer is HANGING:
                return
            self.transport.write(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (answer[0], len(answer[1]), answer[1]))


async def main() -> None:
    sink = Sink()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(sink), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
