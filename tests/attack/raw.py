"""Raw sockets on both sides: bytes to the gateway as they are, and a model that keeps every byte.

`RawModel` is a server that parses nothing but where a request ends; `received` are the requests,
head and body, exactly as they came over the wire. `send` writes bytes to the gateway and returns
what came back until it closed, or was silent.
"""

from __future__ import annotations

import json
import re
import socket
import threading
import time

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
ANSWER = {
    "id": "chatcmpl-raw",
    "object": "chat.completion",
    "created": 1,
    "model": "raw",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "好"}, "finish_reason": "stop"}
    ],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}


class RawModel:
    """Keeps the bytes of each request; answers each with `answer`, bytes of a whole response."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.connections = 0
        body = json.dumps(ANSWER).encode()
        self.answer = (
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
            b"content-length: %d\r\n\r\n%s" % (len(body), body)
        )
        self.default = self.answer
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def url(self) -> str:
        """The base URL that the registry is told."""
        return f"http://127.0.0.1:{self.port}/v1"

    def reset(self) -> None:
        """Nothing was received, and answers are as at the beginning."""
        self.received.clear()
        self.connections = 0
        self.answer = self.default

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()

    def _listen(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        data = b""
        with client:
            while True:
                end = data.find(b"\r\n\r\n")
                found = _LENGTH.search(data[: end + 2]) if end >= 0 else None
                whole = end + 4 + int(found[1]) if found else end + 4
                if end >= 0 and len(data) >= whole:
                    self.received.append(data[:whole])
                    data = data[whole:]
                    try:
                        client.sendall(self.answer)
                    except OSError:
                        return
                    continue
                try:
                    more = client.recv(65536)
                except OSError:
                    more = b""
                if not more:
                    if data:
                        self.received.append(data)
                    return
                data += more


def send(port: int, *parts: bytes, quiet: float = 3.0, pause: float = 0.0) -> bytes:
    """What comes back for these bytes, until the other side closes or is quiet so long."""
    came = b""
    with socket.create_connection(("127.0.0.1", port), timeout=quiet) as client:
        for part in parts:
            try:
                client.sendall(part)
            except OSError:
                break
            if pause:
                time.sleep(pause)
        try:
            while more := client.recv(65536):
                came += more
        except OSError:
            pass
    return came


def statuses(came: bytes) -> list[int]:
    """The statuses of the responses in what came back."""
    return [int(each) for each in _STATUS.findall(came)]
