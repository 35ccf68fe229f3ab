"""What people read, in one language: titles of purposes, vendors and policies, and sentences around them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from consentkit.controls.fragment import MARKS
from consentkit.languages import Catalogue, fill, pick
from consentkit.log.notice import NoticePolicy, text_digest
from consentkit.registry import service_of
from consentkit.settings import Site
from consentkit.settings.checks import TITLED_POLICIES
from consentkit.settings.site import vendors_of
from consentkit.templates import Markup, escape
from consentkit.vocabulary import BUILT_IN_PURPOSES, Policy, Purpose, Text, Vendor

_LIFETIME = re.compile(r"([0-9]{1,5}) ?(day|week|month|year)s?\Z", re.ASCII)
_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}


@dataclass(frozen=True)
class Words:
    """One site's words in one language. Results are text unless they are `Markup`."""

    site: Site
    catalogue: Catalogue
    #: Policy name to its text, for evidence.
    documents: Mapping[str, str] = field(default_factory=dict)

    @property
    def tag(self) -> str:
        return self.catalogue.language.tag

    def text(self, id: str, **values: object) -> str:
        return self.catalogue.text(id, **values)

    def markup(self, id: str, /, **values: object) -> Markup:
        """The message with its values set apart: names of sites and vendors may run the other way."""
        return _filled(self.catalogue.raw(id), values)

    def counted(self, id: str, count: int, /, **values: object) -> Markup:
        """The message in the form that goes with `count`, which also fills `{count}`."""
        return _filled(self.catalogue.raw(id, count), {"count": Markup(str(count)), **values})

    def own(self, text: Text) -> str:
        """A text of the owner in this language."""
        return pick(text, self.tag)

    def purpose(self, purpose: Purpose) -> str:
        if purpose.title:
            return self.own(purpose.title)
        return self.text(f"purpose.{purpose.name}.title") if purpose.name in BUILT_IN_PURPOSES else purpose.name

    def purpose_text(self, purpose: Purpose) -> str:
        if purpose.text:
            return self.own(purpose.text)
        return self.text(f"purpose.{purpose.name}.text") if purpose.name in BUILT_IN_PURPOSES else ""

    def vendor(self, vendor: Vendor) -> str:
        return self.own(vendor.title) or vendor.name

    def vendor_text(self, vendor: Vendor) -> str:
        """What a vendor does, "" when nobody has said it."""
        if vendor.text:
            return self.own(vendor.text)
        kind = service_of(vendor)
        return self.text(f"kind.{kind}") if kind else ""

    def policy(self, policy: Policy) -> str:
        if policy.title:
            return self.own(policy.title)
        return self.text(f"policy.{policy.name}") if policy.name in TITLED_POLICIES else policy.name

    def purposes(self, purposes: Iterable[Purpose]) -> str:
        return self.catalogue.list([self.purpose(purpose) for purpose in purposes])

    def lifetime(self, text: str) -> str:
        """A cookie's lifetime in this language; what is no plain length of time stays as the owner wrote it."""
        found = _LIFETIME.match(text.strip())
        if found:
            return self.catalogue.duration(int(found[1]) * _DAYS[found[2]])
        return self.text("duration.session") if text.strip() == "session" else text

    def longest(self, vendor: Vendor) -> str:
        """The longest lifetime of a vendor's cookies, "" when none can be compared."""
        found = [match for text in vendor.cookies.values() if (match := _LIFETIME.match(text.strip()))]
        if not found:
            return ""
        return self.lifetime(max(found, key=lambda match: int(match[1]) * _DAYS[match[2]])[0])

    def links(self, policies: Sequence[Policy]) -> Markup:
        """The policies as links, joined the way the language joins them."""
        anchors = [str(self.link(policy)) for policy in policies]
        return Markup(self.catalogue.list(anchors))  # CLDR's joints are plain text

    def link(self, policy: Policy) -> Markup:
        return self.anchor(policy.url, self.policy(policy))

    def document(self, policy: Policy) -> NoticePolicy:
        """The policy as a notice snapshot keeps it, with its text where that is known."""
        text = self.documents.get(policy.name)
        return NoticePolicy(
            name=policy.name,
            version=policy.version,
            url=policy.url,
            kind=policy.kind,
            sha256=None if text is None else text_digest(text),
            text=text,
        )

    def anchor(self, url: str, text: str) -> Markup:
        """A link to an address of the owner. A path lies under the app's root_path, as every path of the app does."""
        href = MARKS["root"] + url if url.startswith("/") else url
        return Markup('<a href="{}"{}>{}</a>').format(href, MARKS["self"], text)


def count_vendors(purposes: Iterable[Purpose]) -> int:
    return sum(len(vendors_of(purpose)) for purpose in purposes)


def _filled(raw: str, values: Mapping[str, object]) -> Markup:
    return Markup(fill(str(escape(raw)), {name: _apart(value) for name, value in values.items()}))


def _apart(value: object) -> Markup:
    if isinstance(value, Markup):
        return value
    return Markup("<bdi>{}</bdi>").format(value)
