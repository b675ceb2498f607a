"""Channels of alerts on this machine: a web service and a mail server that keep what they get."""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_string
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar, TypeVar


class Inbox(HTTPServer):
    """A web service on this machine that keeps what is posted to it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Post)
        self.posted: list[Any] = []

    @property
    def url(self) -> str:
        """Its address for Apprise."""
        return f"json://127.0.0.1:{self.server_port}/"


class _Post(BaseHTTPRequestHandler):
    server: Inbox  # pyright: ignore[reportIncompatibleVariableOverride]  (what serves it is one of these)

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.posted.append(json.loads(self.rfile.read(length)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


class Postbox(socketserver.TCPServer):
    """A mail server on this machine that keeps what is sent to it, just clever enough for one message at a time."""

    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Mail)
        self.mails: list[Message] = []

    @property
    def url(self) -> str:
        """Its address for Apprise."""
        port = self.server_address[1]
        return f"mailto://127.0.0.1:{port}/?mode=insecure&from=warehouse@example.org&to=duty@example.org"


class _Mail(socketserver.StreamRequestHandler):
    server: Postbox  # pyright: ignore[reportIncompatibleVariableOverride]  (what serves it is one of these)
    ANSWERS: ClassVar = {"QUIT": "221 bye", "DATA": "354 go on"}

    def handle(self) -> None:
        self.say("220 here")
        while line := self.rfile.readline().decode().strip():
            command = line.split(" ")[0].split(":")[0].upper()
            self.say(self.ANSWERS.get(command, "250 well"))
            if command == "DATA":
                text = []
                while (line := self.rfile.readline().decode().rstrip("\r\n")) != ".":
                    text.append(line)
                self.server.mails.append(message_from_string("\n".join(text)))
                self.say("250 kept")
            if command == "QUIT":
                return

    def say(self, answer: str) -> None:
        self.wfile.write(f"{answer}\r\n".encode())


Server = TypeVar("Server", Inbox, Postbox)


@contextmanager
def listening(server: Server) -> Iterator[Server]:
    """The server, answering."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def nobody_listens() -> str:
    """The address of a channel that is down."""
    with Inbox() as closed:
        return closed.url
