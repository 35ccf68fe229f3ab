"""What is held back, how, and what is left alone."""

from __future__ import annotations

import pytest

from consentkit.rewrite import Held, Inserting, Rules
from tests.rewrite.oracle import PLACEHOLDER, STUBS, Markers, means_the_same, rewrite, rewritten, undone

T = "//tracker.example/x"
MARK = ' data-ckit-purpose="analytics" data-ckit-vendor="counter"'

HELD = {
    "script": "<script src=//tracker.example/x></script>",
    "script, quoted": '<script defer src="https://tracker.example/x.js"></script>',
    "script, upper case": "<SCRIPT SRC=//tracker.example/x></SCRIPT>",
    "script, lazy": "<script data-src=//tracker.example/x></script>",
    "script in svg": '<svg><script href="//tracker.example/x"/></svg>',
    "script in svg, xlink": '<svg><script xlink:href="//tracker.example/x"/></svg>',
    "image in svg": "<svg><image href='//tracker.example/x' /></svg>",
    "iframe": "<iframe src=//tracker.example/x></iframe>",
    "iframe, lazy": "<iframe data-lazy-src=//tracker.example/x></iframe>",
    "iframe of a document": '<iframe srcdoc="&lt;img src=//tracker.example/x>"></iframe>',
    "iframe of a document in a document": (
        '<iframe srcdoc="&lt;iframe srcdoc=&quot;&amp;lt;img src=//tracker.example/x&amp;gt;&quot;&gt;"></iframe>'
    ),
    "frame": "<frame src=//tracker.example/x>",
    "img": "<img src=//tracker.example/x>",
    "img, only srcset": '<img srcset="a.png 1x, //tracker.example/x 2x">',
    "img, data-srcset": '<img data-srcset="//tracker.example/x 2x">',
    "img, data-original": '<img data-original="//tracker.example/x">',
    "image, which is img": "<image src=//tracker.example/x>",
    "source": '<picture><source srcset="//tracker.example/x"></picture>',
    "video": "<video src=//tracker.example/x></video>",
    "poster": "<video poster=//tracker.example/x></video>",
    "audio": "<audio src=//tracker.example/x></audio>",
    "track": "<track src=//tracker.example/x>",
    "embed": "<embed src=//tracker.example/x>",
    "object": "<object data=//tracker.example/x></object>",
    "image button": "<input type=IMAGE src=//tracker.example/x>",
    "style sheet": "<link rel=stylesheet href=//tracker.example/x>",
    "style sheet, entity in rel": "<link rel=styles&#104;eet href=//tracker.example/x>",
    "two rels": '<link rel="alternate stylesheet" href=//tracker.example/x>',
    "preload": "<link rel=preload as=script href=//tracker.example/x>",
    "preloaded images": '<link rel=preload as=image imagesrcset="//tracker.example/x 2x">',
    "preconnect": "<link rel=preconnect href=//tracker.example>",
    "dns-prefetch": "<link rel=dns-prefetch href=//tracker.example>",
    "modulepreload": "<link rel=modulepreload href=//tracker.example/x>",
    "icon": '<link rel="shortcut icon" href=//tracker.example/x>',
    "manifest": "<link rel=manifest href=//tracker.example/x>",
    "background": "<table><td background=//tracker.example/x>",
    "background of the body": "<body background=//tracker.example/x>",
    "ping": '<a href=/x ping="/own //tracker.example/x">',
    "area ping": "<area ping=//tracker.example/x>",
    "in a noscript": "<noscript><img src=//tracker.example/x></noscript>",
    "in a noscript in the head": "<head><noscript><img src=//tracker.example/x></noscript></head>",
    "in a template": "<template><img src=//tracker.example/x></template>",
    "after an unclosed comment opener": "<!--><img src=//tracker.example/x>",
    "after a strange comment end": "<!-- --!><img src=//tracker.example/x>",
    "after a script with a strange end": "<script>'</scriptx>'</script ><img src=//tracker.example/x>",
    "after plain svg": "<svg><path/></svg><img src=//tracker.example/x>",
    "an img that ends an svg": "<svg><style><img src=//tracker.example/x>",
    "html in a foreignObject": "<svg><foreignObject><img src=//tracker.example/x></foreignObject></svg>",
    "without space between attributes": '<img alt="a"src="//tracker.example/x">',
    "with slashes between attributes": "<img/alt/src=//tracker.example/x>",
    "value on the next line": "<img src\n=\n'//tracker.example/x'>",
}

URLS = {
    "https": "https://tracker.example/x",
    "http": "http://tracker.example/x",
    "upper case": "HTTPS://TRACKER.EXAMPLE/x",
    "backslashes": "\\\\tracker.example\\x",
    "mixed slashes": "/\\tracker.example/x",
    "no slashes": "https:tracker.example/x",
    "one slash": "https:/tracker.example/x",
    "many slashes": "https:////tracker.example/x",
    "a port": "//tracker.example:8080/x",
    "a user": "//me:secret@tracker.example/x",
    "a trailing dot": "//tracker.example./x",
    "spaces around": "  //tracker.example/x ",
    "a line break inside": "/\n/track\ter.example/x",
    "entities": "&#x2f;&sol;tracker&period;example/x",
    "an entity in the scheme": "h&#116;tps://tracker.example",
    "a percent-encoded host": "https://tr%61cker.example",
    "a subdomain": "https://a.b.tracker.example/x?y#z",
}

LEFT = {
    "an own script": "<script src=/app.js></script>",
    "another host": "<script src=//cdn.example/app.js></script>",
    "the host in a query": "<script src='/app.js?ref=//tracker.example'></script>",
    "a lookalike": "<script src=//example.org/tracker.example></script>",
    "data": "<img src='data:image/png;base64,//tracker.example'>",
    "javascript": "<iframe src='javascript://tracker.example'></iframe>",
    "about:blank": "<iframe src=about:blank></iframe>",
    "a link": '<a href="https://tracker.example/">share</a>',
    "canonical": "<link rel=canonical href=//tracker.example/x>",
    "alternate": '<link rel=alternate hreflang=de href="https://tracker.example/">',
    "a link without rel": "<link href=//tracker.example/x>",
    "another input": "<input type=text src=//tracker.example/x>",
    "a comment": "<!-- <img src=//tracker.example/x> -->",
    "a text area": "<textarea><img src=//tracker.example/x></textarea>",
    "a title": "<title><img src=//tracker.example/x></title>",
    "a style": "<style><img src=//tracker.example/x></style>",
    "a script's text": "<script>'<img src=//tracker.example/x>'</script>",
    "a script's text, escaped": "<script><!-- <script> </script> <img src=//tracker.example/x> --></script>",
    "an attribute": "<p title='<img src=//tracker.example/x>'>",
    "text in an xmp": "<xmp><img src=//tracker.example/x></xmp>",
    "text of a frame": "<iframe><img src=//tracker.example/x></iframe>",
    "plain text": "<plaintext><img src=//tracker.example/x>",
    "CDATA in svg": "<svg><![CDATA[<img src=//tracker.example/x>]]></svg>",
    "src of svg's script": "<svg><script src=//tracker.example/x /></svg>",
    "another element": "<my-img src=//tracker.example/x>",
    "a bogus comment": "<!x <img src=//tracker.example/x>",
    "srcdoc that loads nothing": '<iframe srcdoc="tracker.example &lt;p>"></iframe>',
    "the second of two": "<img src=/own.png src=//tracker.example/x>",
    "a host of spaces": "<img src='// /tracker.example'>",
    "empty": "<img src>",
}


def without_insertions(page: str, **options: str) -> str:
    return rewrite(page.encode(), inserting=Inserting.NEVER, **options).decode()  # type: ignore[arg-type]


@pytest.mark.parametrize("page", HELD.values(), ids=HELD)
def test_what_would_load_is_held(page: str) -> None:
    """
    Whatever makes a browser fetch from a host that has to wait keeps its place and waits.
    """
    came = page.encode()

    output, rewriter = rewritten(came, inserting=Inserting.NEVER)

    assert dict(rewriter.held) == {("analytics", "counter", "tracker.example"): 1}
    assert MARK.encode() in output
    assert undone(output, rewriter.edits, came) == came


@pytest.mark.parametrize("url", URLS.values(), ids=URLS)
def test_urls_are_read_as_browsers_read_them(url: str) -> None:
    """
    How a host is written does not matter.
    """
    assert MARK in without_insertions(f'<img src="{url}">')


@pytest.mark.parametrize("page", LEFT.values(), ids=LEFT)
def test_what_does_not_load_is_left_alone(page: str) -> None:
    """
    A page that only speaks of a host goes out byte for byte.
    """
    assert without_insertions(page) == page


EDITS = {
    "script": (
        '<script async src="//tracker.example/x" type=module></script>',
        f'<script{MARK} type="text/plain" async data-ckit-src="//tracker.example/x" data-ckit-type=module></script>',
    ),
    "every duplicate": (
        "<img src=//tracker.example/x SRC=/y src=/z>",
        f"<img{MARK} data-ckit-src=//tracker.example/x data-ckit-SRC=/y data-ckit-src=/z>",
    ),
    "only the attribute that waits": (
        "<img src=/own.png srcset='//tracker.example/x 2x'>",
        f"<img{MARK} src=/own.png data-ckit-srcset='//tracker.example/x 2x'>",
    ),
    "a script that only waits to be lazy keeps its type": (
        "<script src=/lazy.js data-src=//tracker.example/x></script>",
        f"<script{MARK} src=/lazy.js data-ckit-data-src=//tracker.example/x></script>",
    ),
    "an undeclared host has no vendor": (
        "<img src=//tracker.other/x>",
        '<img data-ckit-purpose="unclassified" data-ckit-src=//tracker.other/x>',
    ),
    "two vendors in one element: none may bring it alive": (
        "<video src=//tracker.example/x poster=//tracker.other/x></video>",
        '<video data-ckit-purpose="analytics" data-ckit-src=//tracker.example/x '
        "data-ckit-poster=//tracker.other/x></video>",
    ),
    "self-closing": ("<img src=//tracker.example/x />", f"<img{MARK} data-ckit-src=//tracker.example/x />"),
}


@pytest.mark.parametrize(("page", "expected"), EDITS.values(), ids=EDITS)
def test_an_edit_only_inserts(page: str, expected: str) -> None:
    """
    A held element keeps all its bytes: the reason goes behind its name, a prefix before each attribute that waits.
    """
    assert without_insertions(page) == expected


def test_insertions_are_escaped_ascii() -> None:
    """
    Whatever a purpose or vendor is called, it can't end its attribute.
    """
    rules = Rules(lambda host, path: Held('a"><b', "é&"))

    assert rewrite(b"<img src=//x.example>", rules, Inserting.NEVER) == (
        b'<img data-ckit-purpose="a&quot;&gt;&lt;b" data-ckit-vendor="&#233;&amp;" data-ckit-src=//x.example>'
    )


def test_the_judge_is_asked_about_host_and_path() -> None:
    """
    The judge sees a lower-case host without port, and the path with its query, without fragment.
    """
    asked: list[tuple[str, str]] = []
    rules = Rules(lambda host, path: asked.append((host, path)))

    rewrite("<img src='https://U@Bücher.Example:1/a/./b/../c?d=1&amp;e=2#f'>".encode(), rules)

    assert asked == [("xn--bcher-kva.example", "/a/c?d=1&e=2")]


def test_own_urls_pass_without_a_question() -> None:
    """
    Neither relative URLs nor those of the page's own host are asked about.
    """
    asked: list[str] = []
    rules = Rules(lambda host, path: asked.append(host))

    rewrite(b"<img src=/x><img src=y><img src=//own.example/z>", rules, host="own.example")

    assert asked == []


BASES = {
    "relative URLs lead to the base": ("<base href=//tracker.example/d/><img src=x>", True),
    "so do absolute paths": ("<base href=//tracker.example/d/><img src=/x>", True),
    "and queries": ("<base href=//tracker.example/d/><img src='?x'>", True),
    "the first base wins": ("<base href=/><base href=//tracker.example/><img src=x>", False),
    "one without href does not count": ("<base target=x><base href=//tracker.example/><img src=x>", True),
    "other hosts are not affected": ("<base href=//tracker.example/><img src=//cdn.example/x>", False),
    "what came before is not affected": ("<img src=x><base href=//tracker.example/>", False),
    "a fragment loads nothing": ("<base href=//tracker.example/><img src=#x>", False),
    "data is data": ("<base href=//tracker.example/><img src=data:,x>", False),
    "not in a template": ("<template><base href=//tracker.example/></template><img src=x>", False),
    "not in svg": ("<svg><base href=//tracker.example/></svg><img src=x>", False),
    "the page's own host": ("<base href=//own.example/><img src=x>", False),
    "a base that names no host": ("<base href=data:,x><img src=x>", False),
}


@pytest.mark.parametrize(("page", "is_held"), BASES.values(), ids=BASES)
def test_relative_urls_follow_the_base(page: str, is_held: bool) -> None:
    """
    A foreign base makes relative URLs foreign; the base itself is left alone.
    """
    output = without_insertions(page, host="own.example")

    assert ("data-ckit-src" in output) is is_held
    assert "data-ckit-href" not in output


def test_the_path_of_a_relative_url_is_resolved() -> None:
    """
    The judge sees the path that the browser would ask for.
    """
    asked: list[tuple[str, str]] = []
    rules = Rules(lambda host, path: asked.append((host, path)))

    rewrite(b"<base href=//h.example/a/b?c><img src=d><img src=../e><img src=/f><img src='?g'>", rules)

    assert asked == [
        ("h.example", "/a/d"),
        ("h.example", "/e"),
        ("h.example", "/f"),
        ("h.example", "/a/b?g"),
    ]


FRAME = "<iframe src=//tracker.example/x></iframe>"
PLACES = {
    "a paragraph": ("<p>x{}y", True),
    "a link before": ("<a href=x>y</a>{}", True),
    "a link's name in an attribute": ("<p title='<a>'>{}", True),
    "many links": ("<a>1</a>" * 50 + "{}", True),
    "a cell": ("<table><td>{}", True),
    "in a link": ("<a href=x>{}</a>", False),
    "in a link, deeper": ("<A HREF=x><b>{}", False),
    "in a pinged link": ("<a ping=//tracker.other/y href=x>{}", False),
    "in a button": ("<button>{}", False),
    "after a button": ("<button></button>{}", True),
    "in a label": ("<label>{}", False),
    "in a select": ("<select>{}", False),
    "in an object": ("<object>{}", False),
    "in svg": ("<svg><foreignObject>{}", False),
    "in math": ("<math><mi>{}", False),
    "in a noscript": ("<noscript>{}</noscript>", False),
    "in a template": ("<template>{}</template>", False),
    "after a template": ("<template></template>{}", True),
    "a link that a table's cell can't close": ("<a><table><td></a>{}", False),
    "after an svg that may have been closed by something else": ("<svg></div>{}", False),
}


@pytest.mark.parametrize(("page", "has_placeholder"), PLACES.values(), ids=PLACES)
def test_placeholders_never_break_what_is_around_them(page: str, has_placeholder: bool) -> None:
    """
    A held frame gets a placeholder, except where a link or button in it would close what is open.
    """
    came = ("<body>" + page.format(FRAME)).encode()

    assert (PLACEHOLDER in rewrite(came)) is has_placeholder
    assert rewrite(came, cuts=range(len(came))) == rewrite(came)


@pytest.mark.parametrize(
    ("tag", "element", "attributes"),
    [
        (
            "<iframe width=3 height='4' title='a &amp; b' src=//tracker.example/x name=y>",
            "iframe",
            {"width": "3", "height": "4", "title": "a & b", "src": "//tracker.example/x"},
        ),
        ("<video src=//tracker.example/v>", "video", {"src": "//tracker.example/v"}),
        ("<audio src=//tracker.example/v>", "audio", {"src": "//tracker.example/v"}),
        ("<embed src=//tracker.example/v>", "embed", {"src": "//tracker.example/v"}),
        ("<object data=//tracker.example/v>", "object", {"src": "//tracker.example/v"}),
        ("<iframe data-src=//tracker.example/v>", "iframe", {"src": "//tracker.example/v"}),
        ("<iframe srcdoc='<img src=//tracker.example/v>' title=x>", "iframe", {"title": "x"}),
    ],
)
def test_a_placeholder_knows_what_it_stands_for(tag: str, element: str, attributes: dict[str, str]) -> None:
    """
    The placeholder is asked for with the element and its decoded size, title and address.
    """
    markers = Markers()

    rewrite(b"<body>" + tag.encode(), markers=markers)

    assert markers.frames == [(element, Held("analytics", "counter"), attributes)]


@pytest.mark.parametrize(
    "tag", ["<video poster=//tracker.example/x>", "<img src=//tracker.example/x>", "<script src=//tracker.example/x>"]
)
def test_what_leaves_no_hole_gets_no_placeholder(tag: str) -> None:
    """
    Only frames and media that show nothing now are announced.
    """
    assert PLACEHOLDER not in rewrite(b"<body>" + tag.encode())


def test_each_held_element_is_counted() -> None:
    """
    The count is one for each element and host.
    """
    page = b"<img src=//tracker.example/1><img src=//tracker.example/2 srcset=//a.tracker.example/3>"

    _, rewriter = rewritten(page)

    assert dict(rewriter.held) == {
        ("analytics", "counter", "tracker.example"): 2,
        ("analytics", "counter", "a.tracker.example"): 1,
    }


def test_a_tag_is_judged_once() -> None:
    """
    What was said of a tag is remembered with the rules, by host, base and language.
    """
    asked: list[str] = []
    rules = Rules(lambda host, path: asked.append(host))
    page = b"<img src=//cdn.example/x>" * 3

    rewrite(page, rules)
    rewrite(page, rules)

    assert asked == ["cdn.example"]


def test_what_is_remembered_in_html_is_not_used_in_svg() -> None:
    """
    The same bytes mean two things in two languages.
    """
    tag = b"<script href=//tracker.example/x src=/own.js>"
    rules = Rules(lambda host, path: Held("analytics", "counter") if host == "tracker.example" else None)

    assert rewrite(tag, rules, Inserting.NEVER) == tag
    assert b"data-ckit-href" in rewrite(b"<svg>" + tag, rules, Inserting.NEVER)


def test_documents_in_documents_have_an_end() -> None:
    """
    A document in a document in a document … is looked into a few times; below that the frame waits.
    """
    document = "<p>"
    for _ in range(6):
        document = '<iframe srcdoc="' + document.replace("&", "&amp;").replace('"', "&quot;") + '">'

    _, rewriter = rewritten(document.encode())

    assert dict(rewriter.held) == {("unclassified", None, ""): 1}


def test_mathml_loads_nothing() -> None:
    """
    An element of MathML is not the one of HTML by that name.
    """
    page = "<math><script src=//tracker.example/x></script></math>"

    assert without_insertions(page) == page


def test_a_button_closed_inside_svg_is_closed() -> None:
    """
    HTML inside a drawing is followed, too.
    """
    page = b"<body><svg><foreignObject><div><button></button></div></foreignObject></svg>" + FRAME.encode()

    assert PLACEHOLDER in rewrite(page)


@pytest.mark.parametrize(
    "page",
    [
        "<svg><desc><div></desc></div></desc><style><img src=//tracker.example/x></style></svg>",
        "<template><svg><template></template></svg></template><img src=//tracker.example/x>",
        "<template><svg></template><style></style><img src=//tracker.example/x>",
        "<svg><foreignObject><template><svg></template></foreignObject></svg><img src=//tracker.example/x>",
        "<math><annotation-xml encoding=text/html><img src=//tracker.example/x></annotation-xml></math>",
        "<math><annotation-xml><svg><desc><p><div></p></desc></svg></math><img src=//tracker.example/x>",
        "<math><mi><mglyph><style></style></math><img src=//tracker.example/x>",
        "<svg><g></p><img src=//tracker.example/x>",
        "<svg><foreignObject><div><svg></div></foreignObject></svg><img src=//tracker.example/x>",
        "<svg><font color=red><img src=//tracker.example/x>",
        "<svg><title><svg/><p></title></svg><img src=//tracker.example/x>",
        "<svg><desc><style></style></desc><style><img src=//tracker.example/x></style></svg>",
        "<svg><foreignObject><noscript></noscript></foreignObject><title><img src=//tracker.example/x></title>",
        "<svg><desc><script></script><textarea></textarea></desc><style><img src=//tracker.example/x></style></svg>",
    ],
)
def test_html_is_found_in_and_after_foreign_content(page: str) -> None:
    """
    SVG and MathML end where a parser says they end, and HTML inside them is HTML.
    """
    came = page.encode()

    output = rewrite(came)

    assert b"<img data-ckit-purpose=" in output
    assert means_the_same(came, output, scripting=True)


@pytest.mark.parametrize(
    ("page", "count"),
    [
        ("<head><script>track(1)</script>", 1),
        ("<p><b><script>track(1)</script>", 1),
        ("<table><script>track(1)</script>", 1),
        ("<template><script>track(1)</script></template>", 0),
        ("<noscript><script>track(1)</script></noscript>", 0),
        ("<script type=text/x>track(1)</script>", 0),
        ("<script>own(1)</script>", 0),
    ],
)
def test_stand_ins_come_right_before_a_held_script(page: str, count: int) -> None:
    """
    Wherever a script runs what stands in for it can run, too; where none runs there is nothing to stand in for.
    """
    out = rewrite(f"<!doctype html>{page}".encode())

    assert out.count(STUBS) == count
    assert out.count(STUBS + b"<script data-ckit-purpose") == count
    assert STUBS not in rewrite(page.encode(), inserting=Inserting.NEVER)
