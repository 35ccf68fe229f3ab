"""What a view that the reader has chosen takes out of a page, and what it lets load later."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consentkit.rewrite import BadSelector, Inserting, Rules, parse_selector
from consentkit.rewrite.removal import LONGEST_REMOVED, ElementEnd
from consentkit.rewrite.scanner import LONGEST_WAIT
from tests.rewrite.oracle import BODY, judge, means_the_same, rewrite, rewritten, undone
from tests.rewrite.soup import pages, soup
from tests.rewrite.test_rewrite_laws import saved_pages


def removing(*selectors: str, **options: object) -> Rules:
    return Rules(remove=tuple(map(parse_selector, selectors)), **options)  # type: ignore[arg-type]


def left(page: str, *selectors: str) -> str:
    """What is left of a page, however it is cut."""
    came, rules = page.encode(), removing(*selectors)
    output = rewrite(came, rules, Inserting.NEVER)
    assert rewrite(came, rules, Inserting.NEVER, cuts=range(len(came))) == output
    return output.decode()


SELECTORS = {
    "a tag": ("aside", "<aside>x</aside>", "<div>x</div>"),
    "a tag, in any case": ("ASIDE", "<Aside>x</aSIDE>", "<asides>x</asides>"),
    "a class": (".ad", '<div class="ad">x</div>', '<div class="ads">x</div>'),
    "one class of many": (".ad", "<div class='big\nad top'>x</div>", '<div class="big">ad</div>'),
    "a class without quotes": (".ad", "<div class=ad>x</div>", "<div class=ad/x>x</div>"),
    "an id": ("#ad", '<b id="ad">x</b>', '<b id="AD">x</b>'),
    "an attribute": ("[role=note]", "<i role=note>x</i>", "<i role=notes>x</i>"),
    "an attribute in quotes": ('[data-x="a b"]', "<i data-x='a b'>x</i>", "<i data-x='a'>x</i>"),
    "an attribute in single quotes": ("[ data-x = 'a.b' ]", "<i data-x=a.b>x</i>", "<i data-x=ab>x</i>"),
    "any value": ("[data-ad]", "<i data-ad>x</i>", "<i data-ads>x</i>"),
    "all together": (
        "div#a.b.c[d=e]",
        "<div d=e class='c b' id=a>x</div>",
        "<div d=e class='c' id=a>x</div><div class='b c' id=a>x</div><p d=e class='c b' id=a>x</p>",
    ),
    "any tag": ("*.ad", "<div class=ad>x</div>", "<div>x</div>"),
    "an escaped letter": (r".md\:ad", '<div class="md:ad">x</div>', "<div class=md>x</div>"),
    "letters of the world": (".oglas-š", '<div class="oglas-š">x</div>', '<div class="oglas-s">x</div>'),
    "a character reference": (".ad", '<div class="a&#100;">x</div>', '<div class="a&amp;d">x</div>'),
    "the first of duplicates": (".ad", "<div class=ad class=x>x</div>", "<div class=x class=ad>x</div>"),
    "a void element": ("img.ad", "<img class=ad>", "<img>"),
    "a frame": ("iframe", "<iframe src=x><b></iframe>", "<iframes>x</iframes>"),
    "a script": ("script#ad", "<script id=ad>'</div>'</script>", "<script>1</script>"),
    "an svg": ("svg", "<svg><path d=x /></svg>", "<svgs>x</svgs>"),
    "an empty svg": ("svg", "<svg/>", "<i/>x</i>"),
    "an svg of a class": (".ad", "<svg class=ad><path d=x /></svg>", "<svg><path d=x /></svg>"),
    "a custom element": ("ad-slot", "<ad-slot>x</ad-slot>", "<ad-slots>x</ad-slots>"),
}


@pytest.mark.parametrize(("selector", "gone", "stays"), SELECTORS.values(), ids=SELECTORS)
def test_an_element_is_taken_out_with_all_that_is_in_it(selector: str, gone: str, stays: str) -> None:
    """
    What a selector means goes, what it does not mean stays, byte for byte.
    """
    assert left(f"<p>1{gone}2{stays}3{gone}{gone}4", selector) == f"<p>12{stays}34"


CONTENT = {
    "itself": "<div>a</div><div class=ad>b<div></div></div>",
    "a comment": "<!-- </div> -->",
    "a script": "<script>'</div>'</script><script><!-- <script></div></script> --></script>",
    "a style": "<style></div></style>",
    "an attribute": '<i title="</div>">x</i>',
    "a text area": "<textarea></div></textarea>",
    "a noscript": "<noscript><img></div></noscript>",
    "void elements": "<img><br></br><input></input><hr/>",
    "elements that end by themselves": "<p>1<p>2<ul><li>3<li>4</ul><table><tr><td>5</table>",
    "an icon": "<svg><style></style><title></title><path/><use /></svg>",
    "html in an icon": "<svg><foreignObject><div>x</div><style></div></style></foreignObject></svg>",
    "CDATA in an icon": "<svg><![CDATA[</div>]]></svg>",
    "what ends an icon": "<svg><path><p>x</p>",
    "an empty icon": "<svg/>",
    "an icon in an icon": "<svg><svg/><svg><path></svg></svg>",
    "an icon that a paragraph's end ends": "<svg><path></p>",
    "an icon that is not ended": "<b><svg><path></b>",
    "a font in an icon": "<svg><font>x</font></svg><svg><font color=red>x</font>",
    "a formula": "<math><mi>x</mi><annotation-xml encoding=text/html><div></div></annotation-xml></math>",
    "less than": "1 < 2 </> <3",
}


@pytest.mark.parametrize("content", CONTENT.values(), ids=CONTENT)
def test_the_end_of_an_element_is_found(content: str) -> None:
    """
    An end tag counts where a parser would count it.
    """
    assert left(f"<b>1</b><div class=ad>x{content}y</div><b>2</b>", ".ad") == "<b>1</b><b>2</b>"


STAY = {
    "never ended": "<div class=ad>x<p>y",
    "closed from outside": "<section><div class=ad>x</section></div>",
    "ended inside something": "<div class=ad><span>x</div></span>",
    "something open in a template": "<div class=ad><template><div></template></div></div>",
    "wrongly nested": "<div class=ad><b><i>x</b></i></div>",
    "an icon that is ended by something else": "<svg class=ad><p>x</p></svg>",
    "an icon that a paragraph's end ends": "<svg class=ad><path></p></svg>",
    "an icon that something around ends": "<b><svg class=ad><path></b></svg>",
    "closes something outside in an icon": "<b><div class=ad><svg></b></svg></div>",
    "the rest is text": "<div class=ad><plaintext></div>",
    "an item of a list, which ends by itself": "<ul><li class=ad>x<li>y</ul>",
    "a paragraph": "<p class=ad>x<div>y</div>",
    "a link in a link": "<a class=ad>x<a>y</a></a>",
    "a button in a button": "<button class=ad>x<button>y</button></button>",
    "too long": f"<div class=ad>{'x' * LONGEST_REMOVED}</div>",
    "in a template": "<template><div class=ad>x</div></template>",
    "in a noscript": "<noscript><div class=ad>x</div></noscript>",
    "in an icon": "<svg><foreignObject><div class=ad>x</div></foreignObject></svg>",
    "in a comment": "<!--<div class=ad>x</div>-->",
    "in a script": "<script>'<div class=ad>x</div>'</script>",
}


@pytest.mark.parametrize("page", STAY.values(), ids=STAY)
def test_what_is_not_surely_an_element_stays(page: str) -> None:
    """
    An element of which the end is missing, far away or in doubt stays, with all its bytes.
    """
    came, rules = page.encode(), removing(".ad")

    assert rewrite(came, rules, Inserting.NEVER) == came
    assert rewrite(came, rules, Inserting.NEVER, cuts=range(0, len(came), 7)) == came


def test_after_one_that_stays_others_go() -> None:
    """
    An element that can't be taken out hides only what was looked at for it.
    """
    page = "<section><div class=ad>1</section><div class=ad>2</div></div><div class=ad>3</div>"

    assert left(page, ".ad") == "<section><div class=ad>1</section></div>"
    long = f"<div class=ad>{'x' * LONGEST_REMOVED}<b class=ad>4</b></div>"
    assert left(long, ".ad") == long.replace("<b class=ad>4</b>", "")


@pytest.mark.parametrize(
    ("size", "stays"), [(LONGEST_REMOVED, False), (LONGEST_REMOVED + 1, True)], ids=["just short enough", "too long"]
)
def test_the_limit_is_the_same_for_any_cut(size: int, stays: bool) -> None:
    """
    How long an element may be depends on the element alone.
    """
    page = b"<div class=ad>" + b"x" * (size - 20) + b"</div>"
    rules = removing(".ad")
    expected = page + b"<p>" if stays else b"<p>"

    for cuts in ((), range(size), (size - 1,), (100, size - 3), range(0, size, 4096)):
        assert rewrite(page + b"<p>", rules, Inserting.NEVER, cuts=cuts) == expected


def test_a_tag_without_end_is_no_part_of_an_element() -> None:
    """
    A tag longer than what is waited for ends the search.
    """
    end = ElementEnd(b"div")
    end.feed(b"<div><img x='" + b"a" * LONGEST_WAIT + b"b" * 10)
    end.feed(b"'></div>")

    assert (end.length, end.reached > LONGEST_WAIT) == (0, True)


def test_nothing_of_the_head_is_taken_out() -> None:
    """
    What a head has is not seen, and the page needs it.
    """
    page = b"<html><head><title class=ad>x</title><script class=ad>1</script></head><body class=ad><p class=ad>x"

    assert rewrite(page, removing(".ad")).endswith(b"<body class=ad>" + BODY + b"<p class=ad>x")
    assert rewrite(page, removing(".ad"), cuts=range(len(page))) == rewrite(page, removing(".ad"))
    assert b"<script class=ad>" in rewrite(page, removing("script"))


def test_xml_is_left_whole() -> None:
    """
    In XHTML nothing is taken out: nobody makes a mobile view of it.
    """
    page = b"<html><head/><body><div class='ad'>x</div></body></html>"

    assert b"<div class='ad'>x</div>" in rewrite(page, removing(".ad", xhtml=True))


def test_what_is_taken_out_is_neither_held_nor_announced() -> None:
    """
    A frame in an element that goes leaves no placeholder and no count.
    """
    page = b"<body><div class=ad><iframe src=//tracker.example/x></iframe></div>"

    output, rewriter = rewritten(page, removing(".ad", judge=judge))

    assert output.endswith(b"<body>" + BODY)
    assert rewriter.held.total() == 0


BAD = {
    "": "it is empty",
    " ": "it is empty",
    "*": "it means every element",
    "div > .ad": "' > .ad' is not understood",
    "div .ad": "' .ad' is not understood",
    ".ad, .banner": "', .banner' is not understood",
    ".ad:first-child": "':first-child' is not understood",
    "[data-x^=a]": "is not understood",
    "[data-x": "is not understood",
    ".": "'.' is not understood",
    ".ad.": "'.' is not understood",
    ".ad*": "a tag comes first",
    "[x]div": "a tag comes first, not at 'div'",
    "li.ad": "<li> can't be taken out, because its end tag may be left out",
    "body": "<body> can't be taken out, because it belongs to the page itself",
}


@pytest.mark.parametrize(("selector", "why"), BAD.items())
def test_a_selector_that_can_not_be_followed_says_why(selector: str, why: str) -> None:
    """
    An error tells what was written, what of it is not understood, and what is.
    """
    with pytest.raises(BadSelector, match=re.escape(why)) as raised:
        parse_selector(selector)

    assert raised.value.selector == selector
    assert str(raised.value).startswith(f"Selector {selector!r}: ")


def marked(page: bytes, edits: Iterable[tuple[int, bytes, int]]) -> bytes:
    """The page with a sign in each element that was taken out, by which the oracle takes it out of the tree."""
    pieces: list[bytes] = []
    read = 0
    for offset, _, left_out in edits:
        if left_out:
            name = re.compile(rb"<[^\s/>]+").match(page, offset)
            assert name is not None
            pieces += page[read : name.end()], b' data-ckit-ui="gone"'
            read = name.end()
    return b"".join((*pieces, page[read:]))


def is_pruned(page: bytes, rules: Rules) -> int:
    """How many elements were taken out. The rest means what it meant, and any cut gives the same."""
    output, rewriter = rewritten(page, rules)
    assert undone(output, rewriter.edits, page) == page
    assert rewrite(page, rules, cuts=range(13, len(page), 997)) == output
    for scripting in (True, False):
        assert means_the_same(marked(page, rewriter.edits), output, scripting=scripting)
    return sum(left_out > 0 for *_, left_out in rewriter.edits)


def test_real_pages_lose_the_elements_and_nothing_else() -> None:
    """
    A spec parser makes of what is left the tree that it makes of the page, without those elements.
    """
    rules = removing("aside", ".ad", "nav", "iframe", "img", "svg", "[role=banner]", "footer", "ul", "select")
    taken_out = sum(is_pruned(file.read_bytes(), rules) for file in saved_pages()[::3])

    assert taken_out > 400


nested = st.recursive(
    st.sampled_from(["x", "<br>", "<!--</b>-->", "<script>'<b>'</script>", "<img class=ad>", "&amp;", ""]),
    lambda inner: st.builds(
        lambda name, ad, content: f"<{name}{' class=ad' * ad}>{''.join(content)}</{name}>",
        st.sampled_from(["div", "section", "span", "b", "table", "ul", "svg", "p", "button"]),
        st.booleans(),
        st.lists(inner, max_size=4),
    ),
    max_leaves=25,
)


@settings(deadline=None, max_examples=200)
@given(nested, st.sets(st.integers(0, 400), max_size=6))
def test_what_is_written_as_an_element_goes_as_an_element(page: str, cuts: set[int]) -> None:
    """
    Of nested elements those that go are whole, however the page is cut.
    """
    came, rules = page.encode(), removing(".ad")
    output = rewrite(came, rules, Inserting.NEVER)

    assert rewrite(came, rules, Inserting.NEVER, cuts=cuts) == output
    assert output.count(b"<b") - output.count(b"<br") - output.count(b"<bu") <= came.count(b"<b")
    assert output.count(b"<div") == output.count(b"</div")


@settings(deadline=None, max_examples=150)
@given(pages, st.sets(st.integers(0, 600), max_size=12))
def test_soup_loses_nothing_that_can_not_be_had_back(page: bytes, cuts: set[int]) -> None:
    """
    In soup, too, any cut gives the same, and the edits undone give the page.
    """
    rules = removing("div", "a", ".a", "svg", "table", "iframe", "object", judge=judge, lighten=1)
    output, rewriter = rewritten(page, rules)

    assert undone(output, rewriter.edits, page) == page
    assert rewrite(page, rules, cuts=cuts) == output
    assert rewrite(page, rules, cuts=range(len(page))) == output


def test_of_soup_little_changes_its_meaning() -> None:
    """
    Of generated soup at most three pages in a hundred mean something else without the elements.
    """
    chance = random.Random(4)
    rules = removing("div", "b", ".a", "svg", "table", "iframe", "object")
    different = []
    for page in (soup(chance) for _ in range(1000)):
        output, rewriter = rewritten(page, rules)
        if not means_the_same(marked(page, rewriter.edits), output, scripting=True):
            different.append(page)

    assert len(different) <= 30, different[:5]


def test_looking_for_ends_is_linear() -> None:
    """
    Ten times as many elements that never end take ten times as long, not a hundred times.
    """
    rules = removing(".ad")

    def seconds(page: bytes, cuts: Iterable[int] = ()) -> float:
        start = time.process_time()
        rewrite(page, rules, Inserting.NEVER, cuts=cuts)
        return time.process_time() - start

    for piece in (b"<div class=ad>", b"<div class=ad></b>", b"<div class=ad></div>"):
        small, large = piece * 2_000, piece * 20_000
        assert seconds(large) < 25 * seconds(small) + 0.2
        assert seconds(large, range(0, len(large), 50)) < 25 * seconds(small, range(0, len(small), 50)) + 0.2


LATER = {
    "an image": ("<img src=x>", '<img loading="lazy" decoding="async" src=x>'),
    "an image with its own": ("<img loading=eager src=x>", '<img decoding="async" loading=eager src=x>'),
    "an image with both": ("<img LOADING=eager decoding=sync>", "<img LOADING=eager decoding=sync>"),
    "an image that speaks of it": ("<img alt=loading>", '<img loading="lazy" decoding="async" alt=loading>'),
    "a frame": ("<iframe src=x></iframe>", '<iframe loading="lazy" src=x></iframe>'),
    "a video": ("<video src=x></video>", '<video preload="none" src=x></video>'),
    "a video with its own": ("<video preload=auto></video>", "<video preload=auto></video>"),
    "a sound": ("<audio src=x></audio>", "<audio src=x></audio>"),
    "a picture in svg": ("<svg><image href=x /></svg>", "<svg><image href=x /></svg>"),
    "in a noscript": ("<noscript><img></noscript>", "<noscript><img></noscript>"),
    "in a template": ("<template><img></template>", "<template><img></template>"),
    "held, too": (
        "<img src=//tracker.other/x>",
        '<img loading="lazy" decoding="async" data-ckit-purpose="unclassified" data-ckit-src=//tracker.other/x>',
    ),
}


@pytest.mark.parametrize(("page", "expected"), LATER.values(), ids=LATER)
def test_images_frames_and_videos_load_later(page: str, expected: str) -> None:
    """
    Where the page does not say when something loads, it loads when it is seen.
    """
    assert rewrite(page.encode(), Rules(judge, lighten=0), Inserting.NEVER).decode() == expected
    assert rewrite(page.encode(), Rules(judge), Inserting.NEVER).decode().count("lazy") == 0


def test_the_first_images_load_at_once() -> None:
    """
    What is seen first is not delayed.
    """
    page = b"<body><img src=1><img src=2><img src=3>"

    output = rewrite(page, Rules(lighten=2))

    assert output.endswith(b'<img src=1><img src=2><img loading="lazy" decoding="async" src=3>')


def test_a_tag_that_is_too_long_is_not_lightened() -> None:
    """
    Of a tag that is not read to its end nobody knows what it says.
    """
    page = b"<img alt='%s'>" % (b"a" * LONGEST_WAIT)

    assert rewrite(page, Rules(lighten=0), Inserting.NEVER) == page


def test_xhtml_is_lightened_well_formed() -> None:
    """
    What is added is well-formed.
    """
    page = b"<html><head/><body><img src='x'/></body></html>"

    assert b'<img loading="lazy" decoding="async" src=' in rewrite(page, Rules(xhtml=True, lighten=0))
