"""A real mail server and a real robot of a group chat on this machine, which fail when told to."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from aiosmtpd.controller import Controller

ACCEPTED = '{"errcode": 0, "errmsg": "ok", "code": 0, "msg": "success"}'


@dataclass
class MailServer:
    """Keeps what it gets; ``refuse`` are addresses it does not know, ``on_letter`` is called before it accepts one."""

    letters: list[EmailMessage] = field(default_factory=list)
    refuse: set[str] = field(default_factory=set)
    on_letter: Callable[[EmailMessage], None] | None = None
    port: int = 0

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if address in self.refuse:
            return "550 there is nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        letter = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        if self.on_letter is not None:
            self.on_letter(letter)
        return "250 OK"


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def mail_server(port: int | None = None) -> Iterator[MailServer]:
    kept = MailServer(port=port or free_port())
    controller = Controller(kept, hostname="127.0.0.1", port=kept.port)
    controller.start()
    try:
        yield kept
    finally:
        controller.stop()


@dataclass
class ChatServer:
    """Keeps each request that it accepts; ``behave`` may answer otherwise: (status, body), or None to hang."""

    accepted: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    asked: int = 0
    behave: Callable[[int], tuple[int, str] | None] = lambda _number: (200, ACCEPTED)
    url: str = ""
    released: threading.Event = field(default_factory=threading.Event)

    def texts(self) -> list[str]:
        return [body["text"]["content"] if "text" in body else body["content"]["text"] for _, body in self.accepted]


@contextmanager
def chat_server() -> Iterator[ChatServer]:
    kept = ChatServer()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                kept.asked += 1
                answer = kept.behave(kept.asked)
                if answer == (200, ACCEPTED):
                    kept.accepted.append((urlsplit(self.path).query, body))
            if answer is None:
                kept.released.wait(30)
                self.close_connection = True
                return
            status, text = answer
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    kept.url = f"http://127.0.0.1:{server.server_port}/robot/send"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        kept.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
