"""What a view answers with, and the headers that every answer of these pages has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

Header = tuple[bytes, bytes]

#: Nothing is loaded but our own sheet and plots that stand in the page; nobody frames us; forms come back to us.
#: `{styles}`: hashes of what else may style a page, which is the snapshot in its frame.
POLICY = (
    "default-src 'none'; style-src 'self'{styles}; img-src data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)

#: `x-ckit: off` keeps the middleware around an app from putting a banner here, and is taken off by it.
HEADERS: Sequence[Header] = (
    (b"cache-control", b"no-store"),
    (b"x-robots-tag", b"noindex, nofollow"),
    (b"x-frame-options", b"DENY"),
    (b"x-content-type-options", b"nosniff"),
    # "no-referrer" would make browsers send "Origin: null" with our own forms.
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-ckit", b"off"),
)


@dataclass(frozen=True)
class Reply:
    """`body`: all of it, or an iterator over its parts, which is run in a thread."""

    status: int = 200
    body: bytes | Iterator[bytes] = b""
    type: str = "text/html; charset=utf-8"
    headers: Sequence[Header] = ()
    styles: Sequence[str] = field(default=())

    @property
    def all_headers(self) -> list[Header]:
        policy = POLICY.format(styles="".join(f" '{source}'" for source in self.styles))
        lines = [(b"content-type", self.type.encode()), (b"content-security-policy", policy.encode())]
        if isinstance(self.body, bytes):
            lines.append((b"content-length", str(len(self.body)).encode()))
        own = {name for name, _ in self.headers}
        return [*lines, *(each for each in HEADERS if each[0] not in own), *self.headers]


def see_other(location: str, *headers: Header) -> Reply:
    """On to another of our pages. `location` is one of our own links, which are percent-encoded."""
    return Reply(303, headers=[(b"location", location.encode("ascii")), *headers])


def download(body: bytes | Iterator[bytes], type: str, name: str) -> Reply:
    """A file. `name` is ours: letters, digits, dot and dash."""
    return Reply(body=body, type=type, headers=[(b"content-disposition", f'attachment; filename="{name}"'.encode())])


Values = Mapping[str, object]
