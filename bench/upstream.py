"""An instant model server: answers at once, so what is measured is what stands in front of it.

``python -m bench.upstream PORT [HOST]`` answers every POST with a fixed completion, and with fifty
chunks if the body asks for a stream. Chunks are written one by one, each in its own event-loop
turn, so they travel as separate segments, as a model's do.
"""

from __future__ import annotations

import asyncio
import re
import sys

import uvloop

CHUNKS = 50
TEXT = "依規定辦理並副知相關機關"
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_STREAM = re.compile(rb'"stream": ?true')

_ANSWER = (
    '{"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"bench",'
    '"choices":[{"index":0,"message":{"role":"assistant","content":"收悉，依規定辦理。"},'
    '"finish_reason":"stop"}],"usage":{"prompt_tokens":300,"completion_tokens":10,'
    '"total_tokens":310}}'
).encode()
_PLAIN = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    % len(_ANSWER)
) + _ANSWER


def _chunk(delta: str, finish: str = "null") -> bytes:
    event = (
        '{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,'
        f'"model":"bench","choices":[{{"index":0,"delta":{delta},"finish_reason":{finish}}}]}}'
    )
    data = f"data: {event}\n\n".encode()
    return b"%x\r\n%s\r\n" % (len(data), data)


_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    + _chunk('{"role":"assistant","content":""}')
)
_BODY = [
    _chunk(f'{{"content":"{TEXT[i % 8 : i % 8 + 5]}{"。" if i % 6 == 5 else ""}"}}')
    for i in range(CHUNKS)
]
_TAIL = _chunk("{}", '"stop"') + b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"


class Instant(asyncio.Protocol):
    """Just enough HTTP/1.1 for keep-alive clients with Content-Length bodies."""

    def __init__(self) -> None:
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.WriteTransport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end]
            found = _LENGTH.search(head)
            total = end + 4 + (int(found.group(1)) if found else 0)
            if len(self.buffer) < total:
                return
            body, self.buffer = self.buffer[end + 4 : total], self.buffer[total:]
            if _STREAM.search(body):
                asyncio.get_running_loop().create_task(self.stream())
            else:
                self.transport.write(_PLAIN)

    async def stream(self) -> None:
        self.transport.write(_HEAD)
        for chunk in _BODY:
            await asyncio.sleep(0)
            if self.transport.is_closing():
                return
            self.transport.write(chunk)
        self.transport.write(_TAIL)


async def main(port: int, host: str = "127.0.0.1") -> None:
    server = await asyncio.get_running_loop().create_server(Instant, host, port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), *sys.argv[2:3]))
