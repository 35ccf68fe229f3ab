"""A list of header fields as ASGI carries it: repeated names stay repeated, order stays, names compare lower-cased."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

Field = tuple[bytes, bytes]
Fields = list[Field]


def copied(headers: Iterable[Iterable[bytes]] | None) -> Fields:
    """A list of our own with lower-cased names: an app may reuse its list, and may leave it out altogether."""
    return [(bytes(name).lower(), bytes(value)) for name, value in headers or ()]


def values(headers: Fields, name: bytes) -> Iterator[bytes]:
    return (value for field, value in headers if field == name)


def first(headers: Fields, name: bytes) -> bytes | None:
    for field, value in headers:
        if field == name:
            return value
    return None


def joined(headers: Fields, name: bytes) -> str:
    """All values of a list header as one text, the empty one when there is none."""
    return b", ".join([value for field, value in headers if field == name]).decode("latin-1")


def members(headers: Fields, name: bytes) -> list[str]:
    """The members of a comma-separated header such as Vary, stripped, lower-cased."""
    if first(headers, name) is None:  # often
        return []
    whole = joined(headers, name)
    return [member for part in whole.split(",") if (member := part.strip().lower())] if whole else []


def without(headers: Fields, *names: bytes) -> Fields:
    return [field for field in headers if field[0] not in names]


def replaced(headers: Fields, name: bytes, value: bytes) -> Fields:
    """One field of that name, where the first one stood."""
    kept: Fields = []
    placed = False
    for field in headers:
        if field[0] != name:
            kept.append(field)
        elif not placed:
            kept.append((name, value))
            placed = True
    return kept if placed else [*headers, (name, value)]
