"""Insert our controls into HTML as it streams by, and hold back what has to wait.

Theory of operation. The scanner says where the next tag is that matters; this module knows where in the document
that is (`Place`), what it is in (raw text, a noscript, a template, SVG), and what follows from it: an insertion, a
held attribute, a change of place. Only the tree builder's decisions about html, head and body are followed, since
those are the three places where something goes in; there is no tree.

The invariants:
- Take the edits out of the output and you have the input, byte for byte. We never re-encode; an edit inserts
  bytes, and the only bytes ever left out are the page's own `<meta name=viewport>`, when the rules say so.
- Any cut of the input gives the same output. What waits for more input is a token whose end was not seen.
- The work is linear in the input, and what waits is bounded: a few bytes of text, or one tag (`LONGEST_WAIT`).

When the page is stranger than what we follow, the original bytes go out.
"""

from __future__ import annotations

import enum
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from consentkit.rewrite import holding, scanner
from consentkit.rewrite.ancestors import Ancestors
from consentkit.rewrite.foreign import BREAKING_OUT, BREAKING_OUT_FONT, ForeignContent
from consentkit.rewrite.holding import PASS, Question, Verdict
from consentkit.rewrite.page import Inserting, Insertions, Page
from consentkit.rewrite.rules import Held, Rules
from consentkit.rewrite.scanner import LONGEST_WAIT, TAG
from consentkit.rewrite.unfinished import OverlongTag, UnfinishedTag
from consentkit.rewrite.urls import Target, decode, target


class Place(enum.Enum):
    """How far the document is, as far as it matters to insertions (the insertion modes of HTML, 13.2.6.4)."""

    BEFORE_HTML = enum.auto()
    BEFORE_HEAD = enum.auto()
    IN_HEAD = enum.auto()  # before its first script, style, link or noscript
    LATER_IN_HEAD = enum.auto()
    AFTER_HEAD = enum.auto()
    IN_BODY = enum.auto()
    PASSING = enum.auto()  # nothing left to insert or hold: chunks go through unread


_IN_HEAD = (Place.IN_HEAD, Place.LATER_IN_HEAD)

#: How much of a body is read before it is called a fragment.
FRAGMENT_WINDOW = 1024  # bytes of markup, after leading white space and comments

# What a fragment is not: one of four tags, outside of comments, attributes and raw text.
_DOCUMENT_TAG = rb"(?:![dD][oO][cC][tT][yY][pP][eE]|%b%b)" % (scanner.one_of("html head body"), scanner.NAME_END)
_NO_DOCUMENT_TAG = re.compile(
    rb"[^<]*+(?:<(?:%b|(?!%b)(?:%b|%b|%b|/?+%b%b>|%b))[^<]*+)*+"
    % (
        scanner.COMMENT,
        _DOCUMENT_TAG,
        b"|".join(scanner.whole(name) for name in ("script", "style", "title", "textarea", "noscript", "iframe", "xmp")),
        scanner.BOGUS_COMMENT,
        rb"(?=[^a-zA-Z/!?])|/>",
        rb"(?!%b%b)%b" % (scanner.one_of("script style title textarea noscript iframe xmp"), scanner.NAME_END, scanner.NAME),
        scanner.ATTRIBUTES,
        rb"(?!)",
    )
)  # fmt: skip
_IS_DOCUMENT_TAG = re.compile(rb"<" + _DOCUMENT_TAG)

_BOM = b"\xef\xbb\xbf"  # not text: a browser takes it off before it parses

_LESS, _SLASH, _BANG, _QUESTION, _GREATER = b"</!?>"

_HEAD_ELEMENTS = frozenset(
    b"base basefont bgsound link meta title noscript noframes style script template".split()
)
#: Elements that belong to the head even after `</head>`; noscript there is of the body.
_HEAD_ELEMENTS_LATE = _HEAD_ELEMENTS - {b"noscript"}
_EARLY_BEFORE = frozenset({b"script", b"style", b"link", b"noscript"})
_ENDS_THAT_IMPLY_BODY = frozenset({b"/body", b"/html", b"/br"})
_FOLLOWED = frozenset({b"button", b"label", b"select", b"object", b"table", b"marquee", b"applet"})

#: The longest thing that has to be seen whole before a section of raw text is known to end, less one byte.
_LONGEST_END = len(b"</noscript")

_State = Callable[["Rewriter", bytes, int, int], int]


class Rewriter:
    """One response's body: `feed` it as it comes, then `close`.

    `host`: the page's own host; relative URLs lead there and are not asked about. `record`: keep `edits`.
    """

    def __init__(
        self,
        rules: Rules,
        insertions: Insertions,
        inserting: Inserting = Inserting.ALWAYS,
        *,
        host: str = "",
        record: bool = False,
    ) -> None:
        #: How often what was held back: (purpose, vendor, host) to number of elements.
        self.held: Counter[tuple[str, str | None, str]] = Counter()
        #: What has been learned of the page so far.
        self.page = Page()
        #: (offset in the input, bytes inserted there, number of bytes left out there), in order.
        self.edits: list[tuple[int, bytes, int]] = []
        self._rules = rules
        self._insertions = insertions
        self._inserting = inserting
        self._host = host.lower()
        self._record = record
        self._place = Place.BEFORE_HTML
        self._drops_viewport = rules.drop_viewport and inserting is not Inserting.NEVER
        if inserting is Inserting.NEVER:
            self._enter_body()

        # What waits for more input: a few bytes, or an unfinished tag.
        self._waiting = b""
        self._unfinished: UnfinishedTag | None = None
        self._overlong: OverlongTag | None = None

        # The chunk in hand: its bytes, where it lies in the input, and how far it has gone out.
        self._offset = 0
        self._out: list[bytes] = []
        self._gone = 0

        # What the next byte is in.
        self._state: _State = Rewriter._markup
        self._raw_end = scanner.SCRIPT_DATA
        self._foreign = ForeignContent()
        self._templates = 0
        self._in_noscript = False
        self._noscript_end = -1
        self._foreign_outside = self._foreign

        self._ancestors = Ancestors()
        self._base: Target | None = None
        self._base_is_known = False
        self._question: Question | None = None
        self._ask_anew()
