"""A web server on this machine that publishes archives, honestly unless told otherwise for the next request."""

import io
import random
import re
import threading
import zipfile
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def archive(seed: int, size: int = 3_000_000) -> bytes:
    """An archive of about so many bytes that do not compress."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as opened:
        opened.writestr("2019-03/2019-03-city-of-london-street.csv", random.Random(seed).randbytes(size))
    return packed.getvalue()


@dataclass(frozen=True)
class Answer:
    """What is wrong with one answer.

    `cut_after`: after so many bytes of the body the connection is closed, or, with `stalls`, nothing more is sent.
    `promised`: what Content-Length says. `ignores_range`: sends all from the start. `continues`: sends the rest even of
    another archive. `status` with `headers` is all of an answer without an archive.
    """

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    stalls: bool = False
    promised: int | None = None
    ignores_range: bool = False
    continues: bool = False
    body: bytes | None = None


HONEST = Answer()


class ArchiveServer(ThreadingHTTPServer):
    """Archives by name, `headers` that go with each of them, and the answers to come that are not honest.

    `asked` holds the archive of each request, `ranges` what of it was asked for.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Get)
        self.archives: dict[str, bytes] = {}
        self.tags: dict[str, str | None] = {}
        self.headers: dict[str, str] = {}
        self.answers: list[Answer] = []
        self.asked: list[str] = []
        self.ranges: list[str | None] = []
        self.released = threading.Event()

    @property
    def url(self) -> str:
        """What stands before an archive's name."""
        return f"http://127.0.0.1:{self.server_port}/archive"

    def publish(self, name: str, content: bytes, tag: str | None) -> None:
        """Publish an archive in place of the one that is there."""
        self.archives[name], self.tags[name] = content, tag

    def server_close(self) -> None:
        self.released.set()
        super().server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asks may go away."""


class _Get(BaseHTTPRequestHandler):
    server: ArchiveServer  # pyright: ignore[reportIncompatibleVariableOverride]  (what serves it is one of these)
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server, name = self.server, self.path.rpartition("/")[2]
        wanted = self.headers.get("Range")
        server.asked.append(name)
        server.ranges.append(wanted)
        answer = server.answers.pop(0) if server.answers else HONEST
        content = answer.body if answer.body is not None else server.archives.get(name)
        if answer.status or content is None:
            self.say(answer.status or 404, answer.headers, 0)
            return
        tag = server.tags.get(name)
        headers = server.headers | answer.headers | ({"ETag": tag} if tag else {})
        if tag and self.headers.get("If-None-Match") == tag:
            self.say(304, headers, None)
            return
        first = re.fullmatch(r"bytes=(\d+)-", wanted or "")
        is_same = answer.continues or self.headers.get("If-Range") in (None, tag, headers.get("Last-Modified"))
        if first and is_same and not answer.ignores_range:
            start = int(first[1])
            if start >= len(content):
                self.say(416, {"Content-Range": f"bytes */{len(content)}"}, 0)
                return
            rest = content[start:]
            headers |= {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
            self.say(206, headers, len(rest))
        else:
            rest = content
            self.say(200, headers, len(rest) if answer.promised is None else answer.promised)
        self.wfile.write(rest[: answer.cut_after])
        self.wfile.flush()
        if answer.stalls:
            server.released.wait(20)
        if answer.cut_after is not None or answer.promised is not None:
            self.close_connection = True

    def say(self, status: int, headers: dict[str, str], length: int | None) -> None:
        self.send_response_only(status)
        for name, value in ({"Date": self.date_time_string()} | headers).items():
            self.send_header(name, value)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass
