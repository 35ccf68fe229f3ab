"""What is held back, and what else is changed in a page apart from the insertions. Values only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from consentkit.rewrite.memory import TagMemory
from consentkit.rewrite.selectors import Selector


@dataclass(frozen=True, slots=True)
class Held:
    """The judge's word on a URL that has to wait.

    `purpose`: `"analytics"` … or `"unclassified"`. `vendor`: the id of the declared vendor that it belongs to,
    None when no vendor is declared for it; such a URL never comes alive by a visitor's choice.
    """

    purpose: str
    vendor: str | None = None

    #: The globals that a script of its would have made and that others may call, each with its kind: `fbq()` is a
    #: function, `_paq[]` a queue, `mixpanel{}` an object. The page gets stand-ins for them.
    stubs: str = ""

    #: It may run after all, when there are stand-ins for what it calls.
    runs: bool = False


#: Called with a host (lower case, without port) and a path with its query; None means that the URL may pass.
#: It has to give the same answer each time: verdicts about whole tags are remembered.
Judge = Callable[[str, str], Held | None]


@dataclass(frozen=True, slots=True)
class Rules:
    """One visitor's rules for a page. Share the object between responses: it remembers the tags it has judged."""

    #: None: nothing is held back.
    judge: Judge | None = None

    #: Inserted right after `<html`, e.g. `b' data-ckit-text="150"'`. A page without that tag gets one of its
    #: own; parsers merge the attributes of every further `<html>` into the first.
    html_attributes: bytes = b""

    #: Leave out every `<meta name=viewport>` of the page, because ours comes at the end of the head.
    drop_viewport: bool = False

    #: The page is XML: names are case-sensitive, no element is implied and none holds raw text.
    xhtml: bool = False

    #: Elements of the body that are taken out, each with all that is in it; see `removal` for those that stay.
    remove: tuple[Selector, ...] = ()

    #: None: nothing. Else the number of images that load at once; later ones get `loading=lazy decoding=async`, frames
    #: `loading=lazy` and videos `preload=none`, each where the page does not say otherwise.
    lighten: int | None = None

    #: Called with the text of each inline script that would run; None means that it may. Like the judge, it has to
    #: give the same answer each time. See `signatures`.
    signatures: Callable[[bytes], Held | None] | None = None

    #: The slots of the page that get controls, by name: an empty `<div data-ckit-slot="choices"></div>`. See `slots`.
    slots: frozenset[str] = frozenset()

    #: What was said of tags before. Rules that differ in anything but the judge and the signatures may
    #: share one.
    memory: TagMemory = field(default_factory=TagMemory, compare=False, repr=False)
