"""Channels of alerts on this machine: web services and a mail server that keep what they get."""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_string
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, TypeVar
from unittest.mock import patch

import requests


class Inbox(ThreadingHTTPServer):
    """A web service on this machine that keeps what is posted to it, with the headers.

    It answers with `status`; while `hangs` is not set it does not answer at all.
    """

    answer = b""
    daemon_threads = True
    block_on_close = False

    def __init__(self, status: int = 200) -> None:
        super().__init__(("127.0.0.1", 0), _Post)
        self.posted: list[Any] = []
        self.headers: list[dict[str, str]] = []
        self.status = status
        self.hangs = threading.Event()
        self.hangs.set()

    @property
    def url(self) -> str:
        """Its address for Apprise."""
        return f"json://127.0.0.1:{self.server_port}/"

    def refuses(self, posted: Any) -> bool:
        """Whether this kind of service takes no such thing."""
        return not isinstance(posted, dict)


class Slack(Inbox):
    """Slack's incoming webhook, with the limits that it holds a message to."""

    host = "https://hooks.slack.com"
    answer = b"ok"

    @property
    def url(self) -> str:
        """Its address for Apprise."""
        return "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7Fw/"

    def refuses(self, posted: Any) -> bool:
        """Headers have 150 characters at most and sections 3,000, none of them nothing."""
        blocks = posted["attachments"][0]["blocks"]
        limits = {"header": 150, "section": 3_000}
        return any(not 0 < len(block["text"]["text"]) <= limits[block["type"]] for block in blocks)


class Teams(Inbox):
    """A workflow of Teams that takes cards."""

    @property
    def host(self) -> str:
        """Where Apprise takes it to be."""
        return f"https://127.0.0.1:{self.server_port}"

    @property
    def url(self) -> str:
        """Its address for Apprise."""
        return f"workflows://127.0.0.1:{self.server_port}/643e69f83c8944/signature/"

    def refuses(self, posted: Any) -> bool:
        """A message has one card at least, and 28 KB at most."""
        kinds = [attachment["contentType"] for attachment in posted["attachments"]]
        return kinds != ["application/vnd.microsoft.card.adaptive"] or len(json.dumps(posted)) > 28_000


class _Post(BaseHTTPRequestHandler):
    server: Inbox  # pyright: ignore[reportIncompatibleVariableOverride]  (what serves it is one of these)

    def do_POST(self) -> None:
        posted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.posted.append(posted)
        self.server.headers.append(dict(self.headers))
        if self.server.hangs.wait(10):
            self.send_response(400 if self.server.refuses(posted) else self.server.status)
            self.end_headers()
            self.wfile.write(self.server.answer)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@contextmanager
def reached_here(*services: Slack | Teams) -> Iterator[None]:
    """Have whoever posts to one of these services reach it on this machine, without encryption."""
    request = requests.Session.request
    places = {service.host: f"http://127.0.0.1:{service.server_port}" for service in services}

    def here(session: requests.Session, method: str, url: str, **given: Any) -> requests.Response:
        for host, place in places.items():
            url = url.replace(host, place) if url.startswith(f"{host}/") else url
        return request(session, method, url, **given)

    with patch.object(requests.Session, "request", here):
        yield


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

    def texts(self) -> dict[str, str]:
        """The parts of the one mail that has come, by type."""
        [mail] = self.mails
        parts = {part.get_content_type(): part.get_payload(decode=True) for part in mail.walk()}
        return {kind: text.decode() for kind, text in parts.items() if isinstance(text, bytes)}


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


Server = TypeVar("Server", bound=socketserver.BaseServer)


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
