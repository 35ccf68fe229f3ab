"""Where are the tags? The WHATWG tokenizer as patterns over bytes, and as states where a tag is cut in two.

Theory of operation. Nearly all of a page is of no interest, and a regular expression passes over it a hundred
times faster than a loop in Python. So each SKIP pattern swallows as many whole tokens as it can and stops at
the first that somebody has to look at, or that is not all there. It never stops inside a token: searching for
`<script` would find it in comments, attribute values and text areas, so every tag has to be tokenized.

The invariants:
- A pattern decides only on bytes that are there. A token is swallowed when its last byte is seen, so a cut
  anywhere in the input changes what waits, never what is found.
- Every repetition is possessive and no two alternatives begin alike, so the time is linear in what is read.
- No groups inside a possessive repetition: CPython 3.11 and 3.12 may report a wrong span for them.
- Names are spelled in both cases instead of using re.I, which switches off the engine's look-ahead by first byte.

Bytes, not text: every charset that may reach this point keeps ASCII where it is, and the second bytes of
Shift_JIS, GBK and Big5 are never one of `< > = / " '`.
"""

from __future__ import annotations

import re
from functools import lru_cache

WS = rb"\t\n\f\r "

#: An unfinished tag is held until its end is known, but not for longer than this. The largest tags of real
#: pages are images with a data: URL; a browser would show nothing of them either before they are complete.
LONGEST_WAIT = 64 * 1024  # bytes


def either_case(word: str) -> bytes:
    return b"".join(
        b"[%c%c]" % (ord(letter), ord(letter.upper())) if letter.isalpha() else re.escape(letter.encode())
        for letter in word
    )


def one_of(words: str) -> bytes:
    """A pattern for any of these names, as a trie, so that most names are told apart by their first letter."""
    tree: dict[str, dict[str, object]] = {}
    for word in words.split():
        node: dict[str, object] = tree  # type: ignore[assignment]
        for letter in word:
            node = node.setdefault(letter, {})  # type: ignore[assignment]
        node[""] = {}
    return _branch(tree)


def _branch(tree: dict[str, dict[str, object]]) -> bytes:
    words = [either_case(letter) + _branch(rest) for letter, rest in sorted(tree.items()) if letter]  # type: ignore[arg-type]
    if "" in tree:
        words.append(b"")
    return words[0] if len(words) == 1 else b"(?:" + b"|".join(words) + b")"


#: What has to follow a tag's name.
NAME_END = rb"(?=[%b/>])" % WS
NAME = rb"[a-zA-Z][^%b/>]*+" % WS

_VALUE = rb"""(?:"[^"]*+"|'[^']*+'|[^%b>"'][^%b>]*+|(?=>))""" % (WS, WS)


def _attributes(unless: str = "", but_not: bytes = b"") -> bytes:
    """Any attributes, up to the `>`; none with a name in `unless`, none of which the start is `but_not`.

    An attribute without value must not be followed by "=": else an unclosed quote at the end of the chunk
    would make `a="x>` an attribute `a`, an attribute `="x`, and a tag that ends inside the value.
    """
    refused = rb"(?!%b[%b/>=])" % (one_of(unless), WS) if unless else b""
    refused += but_not
    return rb"(?:[%b/]++|%b[^%b/>][^%b/>=]*+(?:[%b]*+=[%b]*+%b|(?![%b]*+=)))*+" % (
        WS, refused, WS, WS, WS, WS, _VALUE, WS,
    )  # fmt: skip


ATTRIBUTES = _attributes()

#: Attributes that make any element worth a look: `<a ping>`, `<td background>`.
_ANYWHERE = "ping background"

#: So does a style that may load something; `&` and a backslash may hide that.
_MAY_LOAD = rb"(?:[uU][rR][lL]|-[sS][eE][tT][(]|[sS][rR][cC][(]|[&\\])"
_LOADING_STYLE = rb"""(?![sS][tT][yY][lL][eE][%b]*+=[%b]*+(?:"[^"]*?%b|'[^']*?%b|[^%b>"'][^%b>]*?%b))""" % (
    WS, WS, _MAY_LOAD, _MAY_LOAD, WS, WS, _MAY_LOAD,
)  # fmt: skip

# The common form of an attribute first: one space, double quotes. The first letter rules out _ANYWHERE.
_PLAIN_ATTRIBUTES = rb'(?: %b[ac-oq-zAC-OQ-Z][a-zA-Z0-9:_-]*+="[^"]*+")*+' % _LOADING_STYLE
_BORING_REST = _PLAIN_ATTRIBUTES + rb"(?:>|" + _attributes(_ANYWHERE, _LOADING_STYLE) + rb">)"
_ANY_PLAIN_ATTRIBUTES = rb'(?: [a-zA-Z][a-zA-Z0-9:_-]*+="[^"]*+")*+'
_REST = _ANY_PLAIN_ATTRIBUTES + rb"(?:>|" + ATTRIBUTES + rb">)"

COMMENT = rb"!--(?:-?>|[^-]*+(?:-(?!-!?>)[^-]*+)*+--!?>)"
BOGUS_COMMENT = rb"(?:[?]|!(?!--)|/(?![a-zA-Z>]))[^>]*+>"

#: `<` before anything but these is text.
_TEXT = rb"(?=[^a-zA-Z/!?])|/>"

# An icon: nothing in it loads anything, and only </svg> ends it. On icon-heavy pages this is a quarter of the time.
_DRAWING = (
    "path g circle rect use line polyline polygon ellipse defs symbol clippath lineargradient radialgradient "
    "stop mask tspan text filter fegaussianblur feoffset feblend fecolormatrix feflood fecomposite femerge "
    "femergenode animate animatetransform pattern marker"
)
_DRAWING_TAG = rb"/?+%b%b%b" % (one_of(_DRAWING), NAME_END, _REST)
_SVG_TITLE = rb"[tT][iI][tT][lL][eE]>[^<]*+</[tT][iI][tT][lL][eE]>"
_PLAIN_SVG = rb"[sS][vV][gG]%b%b(?:[^<]++|<(?:%b|%b))*+</[sS][vV][gG]>" % (
    NAME_END,
    _BORING_REST,
    _DRAWING_TAG,
    _SVG_TITLE,
)

# A meta that is neither a viewport nor http-equiv: half of the tags in the head of a news page. A name with a
# character reference might be either.
_NOT_PLAIN = rb'[hH][tT]|[nN][aA][mM][eE]="?[vV&]'
_PLAIN_META = rb'[mM][eE][tT][aA](?: (?!%b)[a-zA-Z][a-zA-Z0-9:._-]*+=(?:"[^"]*+"|[a-zA-Z0-9-]++))++ ?+/?+>' % _NOT_PLAIN

#: Start tags that the body scan stops at: they load something, hold raw text, or change how the rest is read.
_LOOK_AT = (
    "script style iframe frame img image input svg math source meta video audio track embed object link base "
    "title textarea template noscript noframes noembed xmp plaintext table marquee applet button label select"
)
_LOOK_AT_END = "template object button label select"

_START = rb"(?!%b%b)%b%b" % (one_of(_LOOK_AT), NAME_END, NAME, _BORING_REST)
_END = rb"/(?!%b%b)%b(?:>|%b>)" % (one_of(_LOOK_AT_END), NAME_END, NAME, ATTRIBUTES)


def _skip_body(*tokens: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"[^<]*+(?:<(?:%b)[^<]*+)*+" % b"|".join((_END, *tokens, _PLAIN_META, BOGUS_COMMENT, _TEXT)))


#: What the body scan passes over.
SKIP_BODY = _skip_body(_START, _PLAIN_SVG)


@lru_cache(maxsize=32)
def skip_body_but(names: frozenset[str], attributes: frozenset[str]) -> re.Pattern[bytes]:
    """The same, but it stops at elements of these names, too, and at any with one of these attributes."""
    stop_at = one_of(" ".join((_LOOK_AT, *sorted(names))))
    rest = _attributes(" ".join((_ANYWHERE, *sorted(attributes))), _LOADING_STYLE) + b">"
    return _skip_body(rb"(?!%b%b)%b%b" % (stop_at, NAME_END, NAME, rest))


SKIP_TEXT = re.compile(rb"[^<]*+")
#: The same inside svg and math: text and drawing, which leave the stack of open elements as it is.
SKIP_DRAWING = re.compile(rb"[^<]*+(?:<(?:%b)[^<]*+)*+" % _DRAWING_TAG)


def whole(name: str, but_not: bytes = b"") -> bytes:
    """An element of raw text from tag to tag. `but_not`: what must not be in it for this pattern to take it."""
    word = either_case(name)
    return rb"%b%b%b(?:[^<]++|<(?!%b/%b%b))*+</%b>" % (word, NAME_END, _REST, but_not, word, NAME_END, word)


_HARMLESS_END = rb"/(?!%b%b)%b(?:>|%b>)" % (one_of("head body html br template"), NAME_END, NAME, ATTRIBUTES)
_LINK = rb"[lL][iI][nN][kK]%b%b" % (NAME_END, _REST)


def _head(*elements: bytes) -> re.Pattern[bytes]:
    """White space, comments and whole elements. Anything else in a head means something."""
    return re.compile(rb"[%b]*+(?:<(?:%b)[%b]*+)*+" % (WS, b"|".join((*elements, COMMENT, BOGUS_COMMENT, b"/>")), WS))


#: What comes before the first element, doctype included.
SKIP_LEADING = _head()
#: What may stand in the head before the early insertion.
SKIP_EARLY_HEAD = _head(_PLAIN_META, whole("title"), _HARMLESS_END)
#: What may stand in the head after it, as long as nothing is to be held back. A script with `<!--` in it may hold
#: `</script>` as text; its escaped states are left to the slow way.
_WHOLE_IN_HEAD = (_PLAIN_META, _LINK, whole("script", rb"!--|"), whole("style"), whole("title"), _HARMLESS_END)
SKIP_HEAD = _head(*_WHOLE_IN_HEAD, whole("noscript"))
#: What goes to the head even after `</head>`. A noscript there begins the body.
SKIP_AFTER_HEAD = _head(*_WHOLE_IN_HEAD)

#: How nearly every page begins, in one step. Group 1 is the <html> tag.
USUAL_START = re.compile(
    rb"[%b]*+(?:<![dD][oO][cC][tT][yY][pP][eE][^>]*+>)?+[%b]*+(<[hH][tT][mM][lL]%b%b)[%b]*+<[hH][eE][aA][dD]%b%b"
    % (WS, WS, NAME_END, _REST, WS, NAME_END, _REST)
)

#: A whole tag; group 1 is its name with the slash of an end tag.
TAG = re.compile(rb"<(/?+%b)%b" % (NAME, _REST))
#: The name alone, when the tag is not all there.
TAG_NAME = re.compile(rb"<(/?+%b)" % NAME)

#: One attribute of a whole tag: groups name, and value in double, single or no quotes. Any byte that is neither
#: white space nor "/" begins a name, so searching for the next finds the next.
ATTRIBUTE = re.compile(
    rb"""([^%b/>][^%b/>=]*+)(?:[%b]*+=[%b]*+(?:"([^"]*+)"|'([^']*+)'|([^%b>"'][^%b>]*+)?+))?+"""
    % (WS, WS, WS, WS, WS, WS)
)

COMMENT_AT = re.compile(rb"<" + COMMENT)
BOGUS_AT = re.compile(rb"<" + BOGUS_COMMENT)
#: Broken off by the end of the input, this has its place already: a comment, or the end tag of raw text.
BROKEN_IN_PLACE = re.compile(rb"<(?:[!?]|/[^>])")
COMMENT_END = re.compile(rb"--!?>")

#: Elements whose content is text up to their own end tag (HTML, 13.2.5.1; noscript is scanned as markup).
RAW_TEXT = {
    name.encode(): re.compile(rb"</%b%b" % (either_case(name), NAME_END))
    for name in ("script", "style", "title", "textarea", "iframe", "noembed", "noframes", "xmp", "noscript")
}

# Inside a script, "<!--" starts an escaped section, in which a further "<script" hides one "</script" (13.2.5.15).
SCRIPT_DATA = re.compile(rb"<(?:/[sS][cC][rR][iI][pP][tT]%b|!--)" % NAME_END)
SCRIPT_ESCAPED = re.compile(rb"-->|<(?:/[sS][cC][rR][iI][pP][tT]%b|[sS][cC][rR][iI][pP][tT]%b)" % (NAME_END, NAME_END))
SCRIPT_TWICE = re.compile(rb"-->|</[sS][cC][rR][iI][pP][tT]%b" % NAME_END)
