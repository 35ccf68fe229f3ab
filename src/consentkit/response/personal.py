"""Was this body perhaps made for one person? Then no memory may keep it once it has gone out.

Nothing is risked by guessing yes: such a body is still compared with those that came to strangers, and is rewritten
as fast when it is one of them. Guessing no is for what a stranger asked for and got. Left over are pages that only
their address protects; what is remembered of one comes out for nobody but who makes the app send the same bytes again.
"""

from __future__ import annotations

from collections.abc import Iterable

from consentkit import registry
from consentkit.response.headers import Fields, members
from consentkit.visit import Visit

# What only one person is told: in so many words, by giving a name to who asks, or because nobody can say to whom.
_TELLING = frozenset({b"set-cookie", b"cache-control", b"vary"})
_FOR_ONE = ("private", "no-store")


def is_personal(visit: Visit, headers: Fields, our_cookies: Iterable[str]) -> bool:
    """Whether an app can have known who asks. `headers`: the app's own; `our_cookies`: names of ours."""
    # An answer to a form repeats what was typed.
    if visit.method != "GET" or visit.has_credentials or says_so(headers):
        return True
    # By a tracker's cookie no app greets anybody; by every other one it may.
    unknown = visit.cookies.names.difference(our_cookies)
    return any(registry.gated(name) is None for name in unknown)


def says_so(headers: Fields) -> bool:
    """Whether an app's headers call a response one person's."""
    said = {name for name, _ in headers} & _TELLING
    if not said:
        return False
    return (
        b"set-cookie" in said
        # `private="Set-Cookie"` too: here more care costs nothing.
        or any(directive.startswith(_FOR_ONE) for directive in members(headers, b"cache-control"))
        or "*" in members(headers, b"vary")
    )
