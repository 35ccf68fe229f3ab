"""The Set-Cookie lines that we write ourselves: for the choice, for its holder, for the reader."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from consentkit.cookies import Holder, ReaderChoice, write_choice, write_holder, write_reader
from consentkit.response.headers import Field
from consentkit.settings import Site
from consentkit.visit import CookieReader, Visit
from consentkit.vocabulary import Choice

READER_DAYS = 180
DAY = 24 * 60 * 60  # seconds


def is_https(site: Site, visit: Visit) -> bool:
    """The scheme of `Site.url` decides; without it the request's, which is right without a proxy only."""
    return (site.scheme or visit.scheme) == "https"


def choice_cookies(site: Site, visit: Visit, reader: CookieReader, choice: Choice, today: date) -> list[Field]:
    value = reader.choice_seal.sign(write_choice(choice))
    return [*_set(site, visit, reader, "", value, (choice.expires - today).days * DAY)]


def holder_cookies(
    site: Site, visit: Visit, reader: CookieReader, holder: Holder, expires: date, today: date
) -> list[Field]:
    value = reader.holder_seal.sign(write_holder(holder))
    return [*_set(site, visit, reader, "_id", value, (expires - today).days * DAY, http_only=True)]


def no_holder(site: Site, visit: Visit, reader: CookieReader) -> list[Field]:
    """Lines that take `ckit_id` back, for the names that the browser sent."""
    sent = [name for name in reader.names("_id") if name in visit.cookies.names]
    return [_line(site, visit, name, "", 0, http_only=True) for name in sent]


def reader_cookie(site: Site, visit: Visit, choice: ReaderChoice) -> list[Field]:
    """Never `__Host-`: script reads it before first paint by one name. It goes when nothing is set any more."""
    name = f"{site.cookie_name}_reader"
    if choice.is_unset:
        return [_line(site, visit, name, "", 0)]
    return [_line(site, visit, name, write_reader(choice), READER_DAYS * DAY)]


def expired(names: Iterable[str], domains: Iterable[str], *, is_https: bool) -> Iterator[Field]:
    """Lines that delete cookies that others set here: host-only and on each parent domain, plain and partitioned."""
    for name in names:
        for domain in ("", *domains):
            place = f"; Domain={domain}" if domain else ""
            yield b"set-cookie", f"{name}=; Path=/{place}; Max-Age=0".encode("latin-1")
            if is_https:
                line = f"{name}=; Path=/{place}; Max-Age=0; Secure; SameSite=None; Partitioned"
                yield b"set-cookie", line.encode("latin-1")


def _set(
    site: Site, visit: Visit, reader: CookieReader, use: str, value: str, max_age: int, *, http_only: bool = False
) -> Iterator[Field]:
    bound, plain = reader.names(use)
    name, other = (bound, plain) if is_https(site, visit) and not site.cookie_domain else (plain, bound)
    yield _line(site, visit, name, value, max_age, http_only=http_only)
    if other in visit.cookies.names:
        # A site that moved to https or to a cookie domain leaves no second, older choice behind.
        yield _line(site, visit, other, "", 0, http_only=http_only)


def _line(site: Site, visit: Visit, name: str, value: str, max_age: int, *, http_only: bool = False) -> Field:
    parts = [f"{name}={value}", "Path=/", f"Max-Age={max_age}", "SameSite=Lax"]
    if site.cookie_domain and not name.startswith("__Host-"):
        parts.append(f"Domain={site.cookie_domain}")
    if is_https(site, visit) or name.startswith("__Host-"):
        parts.append("Secure")
    if http_only:
        parts.append("HttpOnly")
    return b"set-cookie", "; ".join(parts).encode("ascii")
