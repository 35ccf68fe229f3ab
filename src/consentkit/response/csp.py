"""How our style and script reach a page under the app's own Content-Security-Policy.

The app's policy is edited only where it would block us, and then by exactly our hash. Policies only intersect
(CSP3, 3.3), so a way must be open in every one of them:

* a nonce is there: our elements carry it, no edit;
* 'unsafe-inline' is in force: no edit (a hash beside it would switch it off and kill the site's own scripts);
* our origin may serve files: they come as files, no edit;
* otherwise our hash is added to the directive that decides.

Report-only policies block nothing and policies in a <meta> are never edited.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from consentkit.response.delivery import INLINE, Delivery
from consentkit.response.headers import Field, Fields, values

CSP = b"content-security-policy"
REPORT_ONLY = b"content-security-policy-report-only"

# Which directive decides for a <style> or <script> element, the first that is there (CSP3, 6.8).
STYLE = ("style-src-elem", "style-src", "default-src")
SCRIPT = ("script-src-elem", "script-src", "default-src")

# What separates the words of a policy is ASCII whitespace; a non-breaking space belongs to a word (CSP3, 2.2.1).
BLANKS = re.compile(r"[\t\n\f\r ]+")

NONCE = re.compile(r"'nonce-([A-Za-z0-9+/_=-]+)'")
HASH = re.compile(r"'sha(256|384|512)-")


@dataclass(frozen=True)
class Hashes:
    """Base64 SHA-256 of every inline style and script of ours that a page may carry."""

    styles: tuple[str, ...]
    scripts: tuple[str, ...]


def deliver(headers: Fields, hashes: Hashes, *, may_edit: bool = True) -> tuple[Delivery, Fields]:
    """The way our parts take into this page, and the headers with the edits that it needs."""
    policies = [policy for value in values(headers, CSP) for policy in _policies(value.decode("latin-1"))]
    if not policies:
        return INLINE, headers
    nonce = next((found for policy in policies for found in _nonces(policy)), "")
    style, edits_style = _way(policies, STYLE, nonce)
    script, edits_script = _way(policies, SCRIPT, nonce)
    delivery = Delivery(nonce=nonce, style_inline=style, script_inline=script)
    if not may_edit or not (edits_style or edits_script):
        return delivery, headers
    edits = [(STYLE, each) for each in hashes.styles if edits_style]
    edits += [(SCRIPT, each) for each in hashes.scripts if edits_script]
    return delivery, [_edited(field, edits, nonce) for field in headers]


class _Policy(dict[str, list[str]]):
    """Directive -> sources, in the order they stand; of a repeated directive the first counts."""

    def sources(self, names: Iterable[str]) -> list[str] | None:
        return next((self[name] for name in names if name in self), None)

    def __str__(self) -> str:
        return "; ".join(" ".join([name, *sources]) for name, sources in self.items())


def _policies(value: str) -> list[_Policy]:
    return [policy for part in value.split(",") if (policy := _parse(part))]


def _parse(text: str) -> _Policy:
    policy = _Policy()
    for directive in text.split(";"):
        name, *sources = BLANKS.split(directive.strip("\t\n\f\r "))
        if name:
            policy.setdefault(name.lower(), sources)
    return policy


def _nonces(policy: _Policy) -> list[str]:
    sources = [*(policy.sources(STYLE) or []), *(policy.sources(SCRIPT) or [])]
    return [match[1] for source in sources if (match := NONCE.fullmatch(source))]


def _way(policies: list[_Policy], names: tuple[str, ...], nonce: str) -> tuple[bool, bool]:
    """Whether a piece stands in the page, and whether a policy has to be edited for that."""
    deciding = [sources for policy in policies if (sources := policy.sources(names)) is not None]
    if all(_admits_inline(sources, names, nonce) for sources in deciding):
        return True, False
    if all(_admits_files(sources, names, nonce) for sources in deciding):
        return False, False
    return True, True


def _admits_inline(sources: list[str], names: tuple[str, ...], nonce: str) -> bool:
    if nonce and f"'nonce-{nonce}'" in sources:
        return True
    lowered = [source.lower() for source in sources]
    # A nonce or a hash switches 'unsafe-inline' off, for scripts 'strict-dynamic' does too (CSP3, 6.7.3.2).
    return "'unsafe-inline'" in lowered and not _is_strict(lowered) and not _is_dynamic(lowered, names)


def _is_strict(sources: list[str]) -> bool:
    return any(source.startswith("'nonce-") or HASH.match(source) for source in sources)


def _is_dynamic(sources: list[str], names: tuple[str, ...]) -> bool:
    return names == SCRIPT and "'strict-dynamic'" in sources


def _admits_files(sources: list[str], names: tuple[str, ...], nonce: str) -> bool:
    if nonce and f"'nonce-{nonce}'" in sources:
        return True
    lowered = [source.lower() for source in sources]
    return not _is_dynamic(lowered, names) and ("'self'" in lowered or "*" in lowered)


def _edited(field: Field, edits: Sequence[tuple[tuple[str, ...], str]], nonce: str) -> Field:
    if field[0] != CSP:
        return field
    policies = _policies(field[1].decode("latin-1"))
    for policy in policies:
        for names, digest in edits:
            _admit(policy, names, digest, nonce)
    return CSP, ", ".join(str(policy) for policy in policies).encode("latin-1")


def _admit(policy: _Policy, names: tuple[str, ...], digest: str, nonce: str) -> None:
    sources = policy.sources(names)
    if sources is None or _admits_inline(sources, names, nonce):
        return
    # What falls back to default-src gets a directive of its own, so that nothing else is loosened.
    name = next((name for name in names[:2] if name in policy), names[1])
    kept = [source for source in sources if source.lower() != "'none'"]
    policy[name] = [*kept, f"'sha256-{digest}'"]
