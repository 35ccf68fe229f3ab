"""The reader bar: text size, the way to another version of the page, and the way to one's choices."""

from __future__ import annotations

from dataclasses import dataclass

from consentkit.bounded import remembering
from consentkit.controls.question import Question
from consentkit.controls.words import Words
from consentkit.cookies import TEXT_SIZES
from consentkit.decide import Asking, Decision
from consentkit.settings import Site
from consentkit.templates import Markup
from consentkit.visit import Device

#: How long size and view are remembered; the endpoint sets the cookie for as long.
REMEMBERED = 180  # days

# The browser's own zoom does what no page can: it enlarges everything, on every site.
ZOOM_HELP = "https://www.w3.org/WAI/users/browsing"

# A bar of every page costs every keyboard user its stops before the page begins.
MAX_STOPS = 3


@dataclass(frozen=True)
class View:
    """`to`: the value of `view=` in the link. `message`: id of its words."""

    to: str
    message: str


@dataclass(frozen=True)
class SizeLink:
    """`percent`: where it leads, None at the end of the scale."""

    action: str
    percent: int | None
    label: str


def reader_bar(
    words: Words, question: Question, size: int | None, view: View | None, *, opt_out: bool = False
) -> dict[str, object]:
    """The values of the bar for its template. `opt_out`: what is declared runs here until it is refused."""
    site = words.site
    policies = _policies(words, question)
    stops = bool(site.text_size) + bool(view) + len(policies)
    return {
        "label": words.text("reader.label"),
        "sizes": bool(site.text_size),
        "text_size": words.text("reader.text_size"),
        "percent": words.catalogue.percent(size or 100),
        "says": words.catalogue.raw("reader.announce"),
        "links": _size_links(words, size or 100),
        # Nothing is remembered before; the preferences page lists the cookie in any case.
        "note": words.text("reader.remembered", duration=words.catalogue.duration(REMEMBERED)) if size else "",
        "zoom_help": words.text("reader.zoom_help"),
        "zoom_page": ZOOM_HELP,
        "view": {"to": view.to, "label": words.text(view.message)} if view else None,
        "privacy": words.text(_way_to_choices(question, opt_out=opt_out)) if site.purposes else "",
        # The first layer has Choose, which leads to the same page; every other notice leaves the way to withdraw.
        "privacy_hidden": question.asking is Asking.PURPOSES,
        "policies": policies,
        "documents": words.text("prefs.policies") if stops > MAX_STOPS else "",
    }


def view_link(site: Site, decision: Decision, viewport: str | None, device: Device) -> View | None:
    """The link to another version, where it is offered: on responsive pages it would be noise and look broken.

    An explicit choice is stored, never deleted, so leaving the mobile version asks for the desktop one.
    """
    if site.mobile is None:
        return None
    fits = is_responsive(viewport)
    if decision.view == "mobile":
        return View("desktop", "reader.exit_mobile")
    if decision.view == "desktop" and fits:
        # On a large screen the desktop version of a responsive page is the page itself.
        return View("auto", "reader.exit_desktop") if device in (Device.PHONE, Device.TABLET) else None
    if not fits:
        return View("mobile", "reader.mobile")
    if site.mobile == "always":
        return View("desktop", "reader.desktop") if device is Device.PHONE else View("mobile", "reader.mobile")
    return None


@remembering(most=256, longest=200)
def is_responsive(viewport: str | None) -> bool:
    return "width=device-width" in "".join((viewport or "").lower().split())


def _way_to_choices(question: Question, *, opt_out: bool) -> str:
    """The id of the words of the link. In California it has to say what it is for (Civil Code 1798.135(a)), and that
    the browser's signal was honoured (11 CCR 7025(c)(6))."""
    if not opt_out:
        return "reader.privacy"
    return "reader.opt_out_honoured" if question.denied else "reader.opt_out"


def _size_links(words: Words, present: int) -> list[SizeLink]:
    place = TEXT_SIZES.index(present)
    smaller = TEXT_SIZES[place - 1] if place > 0 else None
    larger = TEXT_SIZES[place + 1] if place + 1 < len(TEXT_SIZES) else None
    return [
        SizeLink("smaller", smaller, words.text("reader.smaller")),
        SizeLink("larger", larger, words.text("reader.larger")),
        SizeLink("reset", 100 if present != 100 else None, words.text("reader.reset")),
    ]


def _policies(words: Words, question: Question) -> list[Markup]:
    if words.site.purposes or question.asking is not Asking.NOTHING:
        return []
    return [words.link(policy) for policy in words.site.policies]
