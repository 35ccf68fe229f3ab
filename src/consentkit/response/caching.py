"""What a rewritten page says to caches, and how a browser's validators are translated both ways.

A tag of ours is weak and ends in `;ckit.<state>`: the same page for another state is another entity. The first
letter of the state tells whether the app's own tag was strong, so that the app gets back what it gave.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from consentkit.bounded import remembering
from consentkit.response.coding import READABLE
from consentkit.response.headers import Field, Fields, first, joined, members, replaced, without

# Fields that describe the bytes of the app's body, which are not the bytes that go out (RFC 9110, 8 and 14;
# RFC 9530). Last-Modified would let a cache guess how long this visitor's state is fresh (RFC 9111, 4.2.2).
ABOUT_THE_BYTES = (
    b"content-length",
    b"content-md5",
    b"digest",
    b"content-digest",
    b"repr-digest",
    b"accept-ranges",
    b"last-modified",
)

# Everything a personal page depends on: the choice, and whether it was asked for as a page at all (a copy made by
# fetch() has no banner and must not serve a later navigation).
ALWAYS_READ = ("Cookie", "Sec-Fetch-Dest", "Sec-GPC", "Accept-Language")

# What an app says to shared caches alone; they would believe it against our `private` (RFC 9213; nginx; Fastly).
FOR_SHARED_CACHES = (b"cdn-cache-control", b"surrogate-control", b"x-accel-expires")

# What a request asks for of a copy it has, of a part, or of codings. Most come without.
ABOUT_COPIES = frozenset({b"range", b"if-range", b"if-modified-since", b"if-none-match", b"accept-encoding"})

OURS = re.compile(r'(?:W/)?"(?P<tag>[^"]*);ckit\.(?P<kind>[sw])(?P<state>[0-9a-f]+)"')
ANY_TAG = re.compile(r'(?:W/)?"[^"]*"')


def rewritten(headers: Fields, state: str, reads: Sequence[str] = ALWAYS_READ) -> Fields:
    """The headers of a page that was made for one visitor."""
    headers = [field for field in headers if field[0] not in ABOUT_THE_BYTES and not _is_for_shared_caches(field)]
    return _with_tag(_private(_vary(headers, tuple(reads))), state)


def _with_tag(headers: Fields, state: str) -> Fields:
    tag = first(headers, b"etag")
    if tag is None:
        return headers
    if not ANY_TAG.fullmatch(tag.decode("latin-1")):
        # A tag without its quotes can't carry our state, and without it would confirm a page in an old one.
        return without(headers, b"etag")
    return replaced(headers, b"etag", _tagged(tag.decode("latin-1"), state))


def for_everyone(headers: Fields, state: str) -> Fields:
    """The headers of a page that is the same for everyone: what the app says to caches stays.

    A date would confirm a page from before our last change of it, so only the tag is left to ask with.
    """
    headers = [field for field in headers if field[0] not in ABOUT_THE_BYTES]
    return _with_tag(headers, state)


def not_modified(headers: Fields, state: str, reads: Sequence[str] = ALWAYS_READ) -> Fields:
    """A 304 carries the same Vary, Cache-Control and tag as the 200 would."""
    return rewritten(headers, state, reads)


def lowers_a_shared_page(headers: Fields) -> bool:
    """Whether the app called a page cacheable for everyone, which a personal page is not."""
    return any(map(_is_for_shared_caches, headers)) or any(
        directive == "public" or directive.startswith("s-maxage") for directive in members(headers, b"cache-control")
    )


def is_for_everyone(headers: Fields) -> bool:
    """Whether an app lets shared caches keep a page: `public` or `s-maxage`, and nothing against it."""
    said = members(headers, b"cache-control")
    allows = any(directive == "public" or directive.startswith("s-maxage=") for directive in said)
    return allows and not any(directive.partition("=")[0] in ("private", "no-store") for directive in said)


def holds_tag(headers: Fields, state: str) -> bool:
    """Whether a request asks with a tag of ours in that state."""
    return any(match["state"] == state for match in OURS.finditer(joined(headers, b"if-none-match")))


def translated_request(headers: Fields, *states: str) -> Fields:
    """The request headers of a possible page as the app may see them: it only knows its own tags and codings.

    Ranges go: they would cut a body that nobody else has. Unknown codings leave Accept-Encoding.
    """
    if ABOUT_COPIES.isdisjoint(dict(headers)):
        return headers
    asked = joined(headers, b"if-none-match")
    if not asked:
        # Without a tag the date alone would confirm a page in an old state.
        return _readable_codings(without(headers, b"range", b"if-range", b"if-modified-since"))
    headers = _readable_codings(without(headers, b"range", b"if-range"))
    if asked.strip() == "*":
        return headers
    turned = [_turned_back(match) for match in OURS.finditer(asked) if match["state"] in states]
    if not turned:
        return without(headers, b"if-none-match", b"if-modified-since")
    return replaced(without(headers, b"if-modified-since"), b"if-none-match", ", ".join(turned).encode("latin-1"))


def _readable_codings(headers: Fields) -> Fields:
    accepted = joined(headers, b"accept-encoding")
    if not accepted:
        return headers
    readable = _readable(accepted)
    return headers if readable == accepted else replaced(headers, b"accept-encoding", readable.encode("latin-1"))


# Browsers know two or three of these lists between them; a longer one is somebody's joke.
@remembering(most=256, longest=100)
def _readable(accepted: str) -> str:
    return ", ".join(part.strip() for part in accepted.split(",") if _is_readable(part)) or "identity"


def _is_readable(part: str) -> bool:
    return part.partition(";")[0].strip().lower() in READABLE or part.strip().lower().startswith("identity")


def _turned_back(match: re.Match[str]) -> str:
    weak = "W/" if match["kind"] == "w" else ""
    return f'{weak}"{match["tag"]}"'


def _tagged(tag: str, state: str) -> bytes:
    kind = "w" if tag.startswith("W/") else "s"
    return f'W/"{tag.removeprefix("W/")[1:-1]};ckit.{kind}{state}"'.encode("latin-1")


def _is_for_shared_caches(field: Field) -> bool:
    return field[0] in FOR_SHARED_CACHES or field[0].endswith(b"-cdn-cache-control")


def _vary(headers: Fields, reads: tuple[str, ...]) -> Fields:
    given = joined(headers, b"vary")
    varying = _varying(given, reads)
    return headers if varying == given else replaced(headers, b"vary", varying.encode("latin-1"))


# An app says the same on all its pages, so what follows from it is remembered.
@lru_cache(maxsize=256)
def _varying(given: str, reads: tuple[str, ...]) -> str:
    present = {member.strip().lower() for member in given.split(",")}
    if "*" in present:
        return given
    return ", ".join(filter(None, [given, *(name for name in reads if name.lower() not in present)]))


def _private(headers: Fields) -> Fields:
    given = joined(headers, b"cache-control")
    private = _privately(given)
    return headers if private == given else replaced(headers, b"cache-control", private.encode("latin-1"))


@lru_cache(maxsize=256)
def _privately(given: str) -> str:
    """Cache-Control with `private` for what is personal; `no-store` says more already.

    `private="Set-Cookie"` names fields only, so it does not make a page private (RFC 9111, 5.2.2.7).
    """
    directives = [part.strip() for part in given.split(",") if part.strip()]
    kept = [d for d in directives if d.partition("=")[0].lower() not in ("public", "s-maxage", "proxy-revalidate")]
    if not {"private", "no-store"} & {directive.lower() for directive in kept}:
        kept = ["private", *kept]
    return given if kept == directives else ", ".join(kept)
