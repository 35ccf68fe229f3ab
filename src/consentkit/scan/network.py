"""Ask over HTTP, politely and within bounds. The only file that opens connections to other machines.

The standard library's client is used because it is enough: one connection at a time, proxies of the environment,
certificates of the system. What it lacks is a limit on the whole exchange (its timeout starts anew with every byte),
so each exchange runs in a thread that is left behind when the time is over.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from urllib.parse import urlsplit

from consentkit.registry.hosts import is_address
from consentkit.scan.fetch import NAVIGATION, PATIENCE, Answer, FetchFailed, is_read, take, with_cookies, within

#: Who is asking. A site's owner finds it in the access log, and `robots.txt` can name it.
AGENT = f"consentkit-scan/{version('consentkit')}"

_CHUNK = 64 * 1024  # bytes


class Network:
    """Fetches from addresses. `headers`: sent along, but only to `own`, the host that is scanned."""

    def __init__(self, *, patience: float = PATIENCE, headers: Mapping[str, str] | None = None, own: str = "") -> None:
        self.patience = patience
        self._headers = dict(headers or {})
        self._own = own

    def get(self, url: str, cookies: str = "") -> Answer:
        """One exchange within `patience` seconds, or twice that where a body has begun. Raises `FetchFailed`."""
        found: list[Answer | FetchFailed] = []
        thread = threading.Thread(target=lambda: found.append(self._attempt(url, cookies)), daemon=True)
        thread.start()
        thread.join(2 * self.patience)
        if not found:
            raise FetchFailed(url, f"no answer {within(2 * self.patience)}")
        if isinstance(found[0], FetchFailed):
            raise found[0]
        return found[0]

    def _attempt(self, url: str, cookies: str) -> Answer | FetchFailed:
        headers = {**NAVIGATION, "user-agent": AGENT}
        if urlsplit(url).hostname == self._own:
            headers.update(with_cookies(self._headers, cookies))
        try:
            return self._exchange(url, headers)
        except (OSError, ValueError, http.client.HTTPException) as error:
            return FetchFailed(url, why(error, self.patience))

    def _exchange(self, url: str, headers: Mapping[str, str]) -> Answer:
        deadline = time.monotonic() + self.patience
        address, host = _reachable(url)
        request = urllib.request.Request(address, headers={**headers, **host})  # noqa: S310 - http and https only
        with _opener(url).open(request, timeout=self.patience) as response:
            fields = tuple((name.lower(), _line(value)) for name, value in response.headers.items())
            answer = Answer(url, response.status, fields)
            if not is_read(fields):
                return answer
            broken: list[str] = []
            body, note = take(_chunks(response, broken), answer.first("content-encoding"), deadline)
            return Answer(url, response.status, fields, body, note or "".join(broken))


def _line(value: str) -> str:
    return " ".join(value.split())


def _chunks(response: http.client.HTTPResponse, broken: list[str]) -> Iterator[bytes]:
    """The body as it comes; `broken` is told when it ends before it should."""
    try:
        while chunk := response.read1(_CHUNK):
            yield chunk
    except (OSError, http.client.HTTPException):
        broken.append("the connection broke in its middle; what came until then was read")
        return
    if response.length:
        broken.append("the connection was closed in its middle; what came until then was read")


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Redirects are answers like others: whoever crawls decides whether to follow."""

    def redirect_request(self, *given: object, **named: object) -> None:
        return None


class _EveryStatus(urllib.request.HTTPErrorProcessor):
    """A page that says 404 is a page."""

    def http_response(self, request: object, response: http.client.HTTPResponse) -> http.client.HTTPResponse:
        return response

    https_response = http_response


def _opener(url: str) -> urllib.request.OpenerDirector:
    handlers: list[urllib.request.BaseHandler] = [_NoRedirects(), _EveryStatus()]
    if is_this_machine(urlsplit(url).hostname or ""):
        # A proxy would ask its own loopback address.
        handlers.append(urllib.request.ProxyHandler({}))
    return urllib.request.build_opener(*handlers)


def _reachable(url: str) -> tuple[str, dict[str, str]]:
    """The address to connect to, and the header that names the host where that is another.

    Browsers know names under `localhost` without asking (RFC 6761, 6.3); few systems do.
    """
    parts = urlsplit(url)
    if parts.scheme != "http" or not (parts.hostname or "").endswith(".localhost"):
        return url, {}
    port = f":{parts.port}" if parts.port else ""
    return parts._replace(netloc=f"127.0.0.1{port}").geturl(), {"host": parts.netloc}


def is_this_machine(host: str) -> bool:
    """Whether a host is the machine that asks, so that nobody else has to be spared."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    return is_address(host) and (host.startswith("127.") or host == "::1")


def why(error: Exception, patience: float) -> str:
    """What went wrong, in the words of the person who typed the address."""
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"its certificate can't be trusted ({reason.verify_message})"
    if isinstance(reason, ssl.SSLError):
        return f"there is no secure connection ({(reason.reason or 'TLS failed').lower().replace('_', ' ')})"
    if isinstance(reason, TimeoutError):
        return f"no answer {within(patience)}"
    if isinstance(reason, socket.gaierror):
        return "no host of that name is known"
    if isinstance(reason, ConnectionRefusedError):
        return "nobody listens there"
    if isinstance(reason, http.client.RemoteDisconnected | ConnectionResetError | BrokenPipeError):
        return "the connection was closed without an answer"
    if isinstance(reason, http.client.BadStatusLine):
        return "what answers does not speak HTTP"
    if isinstance(reason, http.client.HTTPException):
        return f"its headers can't be read ({str(reason)[:100] or type(reason).__name__})"
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror[:1].lower() + reason.strerror[1:]
    return str(reason)[:200] or type(reason).__name__
