"""What surrounds the gateway in the benchmarks: models that never answer, and a Slack that answers at once.

    python hanging_world.py      prints its port, and serves until its standard input is closed
"""

import asyncio
import json
import sys


class World:
    def __init__(self) -> None:
        self.posts = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                path = head.split(" ", 2)[1]
                length = 0
                for line in head.split("\r\n")[1:]:
                    name, _, value = line.partition(":")
                    if name.lower() == "content-length":
                        length = int(value)
                await reader.readexactly(length)
                if not path.startswith("/api/"):
                    # A model: it takes the question and says nothing until the caller goes away.
                    await reader.read()
                    return
                self.posts += 1
                answer = {
                    "ok": True, "ts": f"1700000000.{self.posts:06d}", "channel": "C0BENCH0000", "messages": [],
                    "team_id": "T0BENCH0001", "team": "bench", "user_id": "U0BENCHBOT", "bot_id": "B0BENCH",
                    "url": "https://bench.slack.com/", "user": "aragora",
                }
                body = json.dumps(answer).encode()
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


async def main() -> None:
    server = await asyncio.start_server(World().serve, "127.0.0.1", 0, backlog=4096, limit=1 << 20)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
