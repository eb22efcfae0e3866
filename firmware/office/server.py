"""The office's small server: two pages, and a pass for whoever has a link.

For one office and its visitors, behind a reverse proxy that speaks TLS to the world; it listens on
this machine alone unless told otherwise. One thread a connection, and never more than
`CONNECTIONS_MAX` of them; each is answered once and closed, and cut off after `CONNECTION_S_MAX`
whatever it does. Nothing is logged of a link or an address.
"""

import contextlib
import json
import logging
import socket
import sys
import threading
import time
from collections.abc import Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, cast

from firmware.office import page
from firmware.office.errors import OfficeError
from firmware.office.visits import TOKEN_CHARS_MAX, No, Renewal, Visits

log = logging.getLogger(__name__)

CONNECTIONS_MAX: Final = 64
CONNECTION_S_MAX: Final = 10.0
"""From the first byte to the last, slow phones included."""
PASSES_A_SECOND_MAX: Final = 50
"""Of all phones together: a hall of a thousand."""
BURST_PASSES_MAX: Final = 200
_BACKLOG: Final = 64
_POLL_S: Final = 0.5

_STATUS: Final = {
    No.UNKNOWN: HTTPStatus.NOT_FOUND,
    No.OVER: HTTPStatus.GONE,
    No.EARLY: HTTPStatus.TOO_EARLY,
    No.OFTEN: HTTPStatus.TOO_MANY_REQUESTS,
}
_HEADERS: Final = (
    ("Cache-Control", "no-store"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
)
_POLICY_NONE: Final = "default-src 'none'"
_POLICY_WORKER: Final = "default-src 'none'; connect-src 'self'"
"""A worker has the policy of its own script: this one fetches the badge's page, to keep it."""
_HTML, _SCRIPT = "text/html; charset=utf-8", "text/javascript"
_JSON, _TEXT = "application/json", "text/plain"


Request = socket.socket | tuple[bytes, socket.socket]
"""What socketserver calls one connection; over TCP it is always the socket."""


class PassServer(ThreadingHTTPServer):
    """Serves `badge`, `badge-offline.js`, `visit` and `pass`, and nothing else."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = _BACKLOG
    allow_reuse_address = True

    def __init__(
        self, address: tuple[str, int], visits: Sequence[Visits], served: page.Served
    ) -> None:
        """Bind and listen.

        Args:
            address: host and port; port 0 for any.
            visits: of each key whose links still hold, one of them at least.
            served: what the pages say.

        Raises:
            OSError: the address is taken or not this machine's.
        """
        self.pages = {
            "/badge": (_HTML, page.badge_page(served)),
            "/badge-offline.js": (_SCRIPT, page.offline_script()),
            "/visit": (_HTML, page.visit_page(served)),
        }
        self._visits = visits
        self._lock = threading.Lock()
        self._free = threading.BoundedSemaphore(CONNECTIONS_MAX)
        self._since_lock = threading.Lock()
        self._since: dict[Request, float] = {}
        self._tokens = float(BURST_PASSES_MAX)
        self._refilled_s = time.monotonic()
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _Handler)

    def renew(self, token: str) -> Renewal | tuple[No, int]:
        """The next pass for that link; one at a time, and so many a second.

        Guesses cost no signature and are not counted: they take nothing from those with a link.
        Nor does a link whose visit is over, or that asks too often.
        """
        visits = next((one for one in self._visits if one.knows(token)), None)
        if visits is None:
            return No.UNKNOWN, 0
        with self._lock:
            return visits.renew(token, self._may_sign)

    def _may_sign(self) -> bool:
        """Whether all phones together have left a signature for this one, which then has it."""
        now_s = time.monotonic()
        grown = self._tokens + (now_s - self._refilled_s) * PASSES_A_SECOND_MAX
        self._tokens, self._refilled_s = min(grown, float(BURST_PASSES_MAX)), now_s
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def run(self) -> None:
        """Serve until `shutdown` is called from another thread."""
        self.serve_forever(_POLL_S)

    # --- bounds, in the terms of socketserver ----------------------------------------------------

    def process_request(self, request: Request, client_address: object) -> None:
        """A connection beyond the bound is closed at once: no thread is started for it."""
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        with self._since_lock:
            self._since[request] = time.monotonic()
        try:
            super().process_request(request, client_address)
        except BaseException:  # no thread could be started, so none will give the place back
            self._left(request)
            raise

    def process_request_thread(self, request: Request, client_address: object) -> None:
        """Answer one connection, and give its place back."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._left(request)

    def _left(self, request: Request) -> None:
        with self._since_lock:
            self._since.pop(request, None)
        self._free.release()

    def service_actions(self) -> None:
        """Cut off whoever takes too long: a slow reader holds a place, and never for long."""
        end_s = time.monotonic() - CONNECTION_S_MAX
        with self._since_lock:
            late = [one for one, since_s in self._since.items() if since_s < end_s]
        for connection in late:
            with contextlib.suppress(OSError):
                cast("socket.socket", connection).shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Request, client_address: object) -> None:  # noqa: ARG002
        """A phone that went away is no news, and its address nobody's business."""
        log.debug("a connection ended early: %r", sys.exc_info()[1])


class _Handler(BaseHTTPRequestHandler):
    """One request, one answer, then closed."""

    protocol_version = "HTTP/1.0"
    server_version = "gate"
    sys_version = ""
    timeout = CONNECTION_S_MAX

    def do_GET(self) -> None:
        """A page."""
        kind, body = self._server.pages.get(self._path, ("", b""))
        if not kind:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        policy = page.policy_of(body) if kind == _HTML else _POLICY_WORKER
        self._answer(HTTPStatus.OK, kind, body, f"{policy}; frame-ancestors 'none'")

    do_HEAD = do_GET  # noqa: N815 - ditto

    def do_POST(self) -> None:
        """A pass."""
        length = self.headers.get("Content-Length", "")
        if self._path != "/pass":
            self._json(HTTPStatus.NOT_FOUND, {})
        elif not _is_number(length) or len(length) > len(str(TOKEN_CHARS_MAX)):
            self._json(HTTPStatus.LENGTH_REQUIRED, {})
        elif int(length) > TOKEN_CHARS_MAX:
            self._json(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {})
        else:
            self._renew(self.rfile.read(int(length)).decode("ascii", "replace"))

    def _renew(self, token: str) -> None:
        try:
            found = self._server.renew(token)
        except OfficeError as error:
            log.error("no pass can be issued: %s", error)  # noqa: TRY400 - the sentence says it all
            self._json(HTTPStatus.SERVICE_UNAVAILABLE, {})
            return
        match found:
            case Renewal(text=text, holds_s=holds_s, visit=visit):
                self._json(
                    HTTPStatus.OK,
                    {
                        "text": text,
                        "holds_ms": int(holds_s * 1_000),
                        "kind": visit.kind.value,
                        "until_s": visit.until_s,
                    },
                )
            case (no, from_s):
                self._json(_STATUS[no], {"from_s": from_s} if no is No.EARLY else {})

    @property
    def _server(self) -> PassServer:
        return cast("PassServer", self.server)

    @property
    def _path(self) -> str:
        return self.path.partition("?")[0]

    def _json(self, status: HTTPStatus, found: dict[str, object]) -> None:
        self._answer(status, _JSON, json.dumps(found).encode(), _POLICY_NONE)

    def _answer(self, status: HTTPStatus, kind: str, body: bytes, policy: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", policy)
        for name, value in _HEADERS:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the base class refuses by itself has our headers too, and no word of the request."""
        del message, explain
        status = HTTPStatus(code)
        self._answer(status, _TEXT, f"{status.phrase}\n".encode(), _POLICY_NONE)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name for it
        """Say nothing: a link's user is nobody's business."""


def _is_number(text: str) -> bool:
    """Digits alone, as RFC 9110 section 8.6 has them: other scripts' digits are none."""
    return text.isascii() and text.isdigit()
