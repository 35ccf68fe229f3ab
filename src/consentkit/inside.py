"""What the wrapped app may ask and say about the visitor of a request.

The middleware leaves one value in the scope; everything here finds it again, whatever the framework put around it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from consentkit.decide import Decision, Decisions, Reading, check_purposes, reading
from consentkit.errors import MiddlewareMissing, UnknownPolicy
from consentkit.response.headers import Field
from consentkit.settings import Site
from consentkit.visit import Visit

#: Where the middleware leaves its word. A name of our own, because frameworks replace `scope["state"]`.
KEY = "consentkit"


class HasScope(Protocol):
    """A request of Starlette, FastAPI, Django or Quart, or a websocket."""

    @property
    def scope(self) -> Any: ...


@dataclass
class Inside:
    """The middleware's word on one request. The app can take purposes away and have terms recorded.

    `read` is called when somebody first asks who is there: most requests are for files and data, and nobody does.
    """

    site: Site
    decisions: Decisions
    read: Callable[[], Visit]
    accept_terms: Callable[[Inside, str], Awaitable[None]]
    restricted: frozenset[str] = field(default=frozenset(), init=False)
    #: Set-Cookie lines that the response will carry, for what the app itself recorded.
    lines: list[Field] = field(default_factory=list, init=False)

    #: The scope as the app got it; frameworks put their state of a request into it.
    scope: Mapping[str, Any] = field(default_factory=dict)
    #: Whether the app asked or said something about this visitor: what it answers is then for this visitor alone.
    is_personal: bool = field(default=False, init=False)
    #: Whether the app that answers was made for the version that the reader gets.
    is_native: bool = field(default=False, init=False)
    #: Whether the request asks with the tag of a page for everyone.
    holds_shared_tag: bool = field(default=False, init=False)
    _decided: tuple[Visit | None, frozenset[str], Decision | None] = field(
        default=(None, frozenset(), None), init=False
    )

    @cached_property
    def visit(self) -> Visit:
        return self.read()

    @property
    def language(self) -> str | None:
        """The app's word on the language of its page: `scope["state"]["ckit_language"]`, in Starlette
        `request.state.ckit_language`."""
        state = self.scope.get("state")
        said = state.get("ckit_language") if isinstance(state, Mapping) else None
        return said if isinstance(said, str) else None

    @property
    def decision(self) -> Decision:
        # Asked for several times in a request; both change by being replaced.
        visit, restricted, decision = self._decided
        if visit is not self.visit or restricted is not self.restricted or decision is None:
            decision = self.decisions.of(self.visit, self.restricted)
            self._decided = self.visit, self.restricted, decision
        return decision


@dataclass(frozen=True)
class Consent:
    """What the visitor of a request agreed to. Unknown names raise, so that a misspelling is never a silent no."""

    site: Site
    decision: Decision

    def allows(self, purpose: str, vendor: str | None = None) -> bool:
        """Whether this purpose, or this vendor of it, may run now. Raises `UnknownPurpose`, `UnknownVendor`."""
        return self.decision.allows(self.site, purpose, vendor)

    def accepted(self, policy: str) -> bool:
        """Whether the present version of these terms was accepted. Raises `UnknownPolicy`."""
        return self.site.policy(policy).name in self.decision.accepted

    @property
    def has_chosen(self) -> bool:
        """Whether the visitor has answered at all: an answer may be no to everything."""
        return self.decision.has_chosen


def consent_of(request: HasScope | Mapping[str, Any]) -> Consent:
    """The consent of a request, a websocket, a scope or a WSGI environ that came through the middleware.

    Raises `MiddlewareMissing` for one that did not.
    """
    inside = inside_of(request)
    inside.is_personal = True
    return Consent(inside.site, inside.decision)


def reader_of(request: HasScope | Mapping[str, Any]) -> Reading:
    """The view ("mobile" or "desktop"), text size (percent) and device of a request. Raises `MiddlewareMissing`."""
    inside = inside_of(request)
    inside.is_personal = True
    return reading(inside.decision, inside.visit)


def restrict(request: HasScope | Mapping[str, Any], purposes: Iterable[str]) -> None:
    """Take purposes away for this request: they are neither offered nor released (a known minor, a subscriber).

    Call it before the response starts. Raises `UnknownPurpose` and `MiddlewareMissing`.
    """
    inside = inside_of(request)
    names = frozenset(purposes)
    check_purposes(inside.site, names)
    inside.is_personal = True
    inside.restricted |= names


async def accept(request: HasScope | Mapping[str, Any], policy: str) -> None:
    """Record that the visitor ticked these terms in the app's own form; durable when it returns.

    The response to this request carries the cookies. Raises `UnknownPolicy` (also for a policy of kind "notice", which
    is never accepted), `MiddlewareMissing`, and
    `LogUnavailable` when nothing could be recorded, so that the app can say so.
    """
    inside = inside_of(request)
    terms = [known.name for known in inside.site.terms]
    if policy not in terms:
        # A notice is information: it is shown and versioned, and nobody can accept it.
        raise UnknownPolicy(policy, terms)
    inside.is_personal = True
    await inside.accept_terms(inside, policy)


def inside_of(request: HasScope | Mapping[str, Any]) -> Inside:
    scope = request if isinstance(request, Mapping) else request.scope
    # WSGI bridges put the scope into the environ.
    scope = scope.get("asgi.scope", scope)
    inside = scope.get(KEY)
    if not isinstance(inside, Inside):
        raise MiddlewareMissing
    return inside
