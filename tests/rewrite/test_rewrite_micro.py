"""The cases by which four plugins of other systems were measured: 57 that have to be held, 17 that have to be left.

And what belongs to them: style sheets, scripts by what is in them, and scripts written into an address.
"""

from __future__ import annotations

import base64
import time

import pytest

from consentkit.rewrite import Held, Inserting, Rewriter, Rules
from consentkit.rewrite.memory import TagMemory
from consentkit.rewrite.text import LONGEST_TEXT
from tests.rewrite.oracle import HOLDING, Markers, judge, means_the_same, rewrite, rewritten, signatures, undone

T = "//tracker.example/x"
MARK = ' data-ckit-purpose="analytics" data-ckit-vendor="counter"'
MEGABYTE = "x=1;" * 262_144

MUST_HOLD = {
    "script": f'<script src="https:{T}"></script>',
    "script in single quotes": f"<script src='https:{T}'></script>",
    "script without quotes": f"<script src=https:{T}></script>",
    "script in upper case": f'<SCRIPT SRC="HTTPS:{T.upper()}"></SCRIPT>',
    "script without scheme": f'<script src="{T}"></script>',
    "script with a line break in the tag": f'<script\nasync\nsrc="{T}"\n></script>',
    "script with space at its end": f'<script src="{T}"></script >',
    "script with a > in an attribute before": f'<script data-a=">" src="{T}"></script>',
    "script of a module": f'<script type=module src="{T}"></script>',
    "script with a port": '<script src="https://tracker.example:443/x"></script>',
    "script with a user": '<script src="https://a@tracker.example/x"></script>',
    "script with backslashes": '<script src="https:\\\\tracker.example\\x"></script>',
    "script with a tab in the URL": '<script src="https://track\ter.example/x"></script>',
    "script with a line break in the URL": '<script src="https:/\n/tracker.example/x"></script>',
    "script with references": '<script src="https&colon;//tracker&#46;example/x"></script>',
    "script with a dot at the end of the host": '<script src="https://tracker.example./x"></script>',
    "script on a subdomain": '<script src="https://cdn.tracker.example/x"></script>',
    "script twice src": f'<script src="{T}" src="/own.js"></script>',
    "script in svg": f'<svg><script href="{T}"></script></svg>',
    "script of a lazy loader": f'<script data-src="{T}"></script>',
    "script in a data: URL": f"<script src=\"data:text/javascript,fetch('https:{T}')\"></script>",
    "inline script, call": "<script>track('x')</script>",
    "inline script, a megabyte": f"<script>{MEGABYTE}track('x')</script>",
    "inline script, after a comment": "<script><!--\ntrack('x')\n//--></script>",
    "iframe": f'<iframe src="{T}"></iframe>',
    "iframe of a lazy loader": f'<iframe data-src="{T}"></iframe>',
    "iframe with a document": f"<iframe srcdoc=\"<script src='{T}'></script>\"></iframe>",
    "iframe with a document that has a style": f'<iframe srcdoc="<style>@import &quot;{T}&quot;</style>"></iframe>',
    "iframe with a document that has a snippet": '<iframe srcdoc="<script>track(1)</script>"></iframe>',
    "img": f'<img src="{T}">',
    "img srcset only": f'<img srcset="{T} 2x">',
    "img srcset, second": f'<img src="/a.png" srcset="/b.png 1x, {T} 2x">',
    "img in a picture": f'<picture><source srcset="{T}"><img src="/a.png"></picture>',
    "img of a lazy loader": f'<img data-src="{T}">',
    "img in a noscript": f'<noscript><img src="{T}"></noscript>',
    "img in an unclosed comment's lookalike": f'<!--><img src="{T}">-->',
    "video": f'<video src="{T}"></video>',
    "video poster": f'<video poster="{T}"></video>',
    "audio": f'<audio src="{T}"></audio>',
    "embed": f'<embed src="{T}">',
    "object": f'<object data="{T}"></object>',
    "image button": f'<input type="image" src="{T}">',
    "style sheet": f'<link rel="stylesheet" href="{T}">',
    "style sheet, href first": f'<link href="{T}" rel=stylesheet>',
    "preconnect": f'<link rel="preconnect" href="{T}">',
    "dns-prefetch": f'<link rel="dns-prefetch" href="{T}">',
    "preload": f'<link rel="preload" as="script" href="{T}">',
    "modulepreload": f'<link rel="modulepreload" href="{T}">',
    "style with @import": f'<style>@import "{T}";</style>',
    "style with @import url()": f"<style>@import url({T});</style>",
    "style with url()": f"<style>a{{background:url({T})}}</style>",
    "style in an attribute": f'<div style="background:url({T})">x</div>',
    "style in an attribute, references": f'<div style="background:url(&quot;{T}&quot;)">x</div>',
    "background": f'<table background="{T}"></table>',
    "ping": f'<a ping="{T}" href="/">x</a>',
    "meta refresh": f'<meta http-equiv="refresh" content="0; url={T}">',
    "base": '<base href="https://tracker.example/"><script src="x.js"></script>',
}

MUST_LEAVE = {
    "a comment": f'<!-- <script src="{T}"></script> -->',
    "a conditional comment": f'<!--[if IE]><script src="{T}"></script><![endif]-->',
    "a text area": f'<textarea><script src="{T}"></script></textarea>',
    "a code sample": f'<pre>&lt;script src="{T}"&gt;</pre>',
    "a title": f"<title><img src={T}></title>",
    "an attribute": f"<div title='<img src={T}>'>x</div>",
    "a link": f'<a href="https:{T}">x</a>',
    "a form": f'<form action="https:{T}"></form>',
    "canonical": f'<link rel="canonical" href="https:{T}">',
    "an own script that names it": '<script src="/js/app.js?ref=tracker.example"></script>',
    "a host that ends alike": '<script src="https://x.example.org/tracker.example/y.js"></script>',
    "JSON": '<script type="application/json">{"track(": "https://tracker.example"}</script>',
    "JSON-LD": '<script type="application/ld+json">{"url": "https://tracker.example/track("}</script>',
    "an import map": '<script type="importmap">{"imports":{"track(":"https://tracker.example"}}</script>',
    "a template in a script": '<script type="text/x-template"><img src="//tracker.example/x">track(</script>',
    "a script that mentions a host": "<script>var config = {host: 'https://tracker.example/x'}</script>",
    "a script with a tag in a string": f"<script>var t = '<script src=\"{T}\"><\\/script>'</script>",
}


def test_there_are_as_many_as_were_measured() -> None:
    """
    57 and 17, as in the study.
    """
    assert (len(MUST_HOLD), len(MUST_LEAVE)) == (57, 17)


@pytest.mark.parametrize("page", MUST_HOLD.values(), ids=MUST_HOLD)
def test_what_has_to_be_held_is_held(page: str) -> None:
    """
    Each of them waits, keeps all its bytes and means what it meant, however it is cut.
    """
    came = f"<!doctype html><html><head><title>x</title></head><body><p>1</p>{page}<p>2</p></body></html>".encode()

    output, rewriter = rewritten(came)

    assert rewriter.held.total() == 1
    assert MARK.encode() in output
    assert undone(output, rewriter.edits, came) == came
    assert means_the_same(came, output, scripting=True)
    if len(came) < 10_000:
        assert rewrite(came, cuts=range(len(came))) == output
    assert rewrite(came, cuts=range(0, len(came), 9_973)) == output


@pytest.mark.parametrize("page", MUST_LEAVE.values(), ids=MUST_LEAVE)
def test_what_has_to_be_left_is_left(page: str) -> None:
    """
    Each of them goes out byte for byte.
    """
    assert rewrite(page.encode(), inserting=Inserting.NEVER) == page.encode()


def held(page: str, rules: Rules = HOLDING) -> str:
    came = page.encode()
    output, rewriter = rewritten(came, rules, Inserting.NEVER)
    assert rewrite(came, rules, Inserting.NEVER, cuts=range(len(came))) == output
    assert undone(output, rewriter.edits, came) == came
    return output.decode()


EDITS = {
    "url()": (f"<style>a{{b:url({T})}}</style>", f"<style{MARK}>a{{b:url(data:,#{T})}}</style>"),
    "url() in quotes": (f"<style>a{{b:URL( '{T}' )}}</style>", f"<style{MARK}>a{{b:URL( 'data:,#{T}' )}}</style>"),
    "an escaped name": (f"<style>a{{b:u\\72l({T})}}</style>", f"<style{MARK}>a{{b:u\\72l(data:,#{T})}}</style>"),
    "an escaped URL": (
        "<style>a{b:url(\\2f\\2f tracker.example)}</style>",
        f"<style{MARK}>a{{b:url(data:,#\\2f\\2f tracker.example)}}</style>",
    ),
    "a broken string": (
        f'<style>a{{b:url("/\\\n{T[1:]}")}}</style>',
        f'<style{MARK}>a{{b:url("data:,#/\\\n{T[1:]}")}}</style>',
    ),
    "@import": (f"<style>@import '{T}'</style>", f"<style{MARK}>@import 'data:,#{T}'</style>"),
    "@import after a comment": (f"<style>@import/**/'{T}'</style>", f"<style{MARK}>@import/**/'data:,#{T}'</style>"),
    "@import url()": (f"<style>@IMPORT url({T})</style>", f"<style{MARK}>@IMPORT url(data:,#{T})</style>"),
    "image-set()": (
        f"<style>a{{b:image-set('{T}' 1x, \"/b\" 2x, url({T}) 3x)}}</style>",
        f"<style{MARK}>a{{b:image-set('data:,#{T}' 1x, \"/b\" 2x, url(data:,#{T}) 3x)}}</style>",
    ),
    "only those that wait": (
        f"<style>a{{b:url(/own),url(//cdn.example/x),url(),url({T})}}</style>",
        f"<style{MARK}>a{{b:url(/own),url(//cdn.example/x),url(),url(data:,#{T})}}</style>",
    ),
    "a comment": (f"<style>/* url({T}) */a{{b:url(/c)}}</style>", f"<style>/* url({T}) */a{{b:url(/c)}}</style>"),
    "a string": (f"<style>a{{content:'url({T})'}}</style>", f"<style>a{{content:'url({T})'}}</style>"),
    "another function": (f"<style>a{{b:my-url({T})}}</style>", f"<style>a{{b:my-url({T})}}</style>"),
    "no at-rule": (f"<style>\\@import '{T}'</style>", f"<style>\\@import '{T}'</style>"),
    "odd escapes": ("<style>a{b:url(\\0//x\\d800 \\110000 )}</style>",) * 2,
    "a style without end": (f"<style>a{{b:url({T})}}", f"<style>a{{b:url({T})}}"),
    "in a noscript": (
        f"<noscript><style>a{{b:url({T})}}</style></noscript>",
        f"<noscript><style{MARK}>a{{b:url(data:,#{T})}}</style></noscript>",
    ),
    "in a noscript that ends first": (
        f"<noscript><style>a{{b:url({T})}}</noscript>",
        f"<noscript><style{MARK}>a{{b:url(data:,#{T})}}</noscript>",
    ),
    "in a template": (
        f"<template><style>a{{b:url({T})}}</style></template>",
        f"<template><style{MARK}>a{{b:url(data:,#{T})}}</style></template>",
    ),
    "in a foreignObject": (
        f"<svg><foreignObject><style>a{{b:url({T})}}</style>",
        f"<svg><foreignObject><style{MARK}>a{{b:url(data:,#{T})}}</style>",
    ),
    "style=": (f"<b style=a:url({T})>", f"<b{MARK} style=a:url(data:,#{T})>"),
    "style= with references": (
        f"<b style='a:url&lpar;&quot;&#47;{T[1:]}&quot;)'>",
        f"<b{MARK} style='a:url&lpar;&quot;data:,#&#47;{T[1:]}&quot;)'>",
    ),
    "style= twice": (f"<b style=a style=b:url({T})>", f"<b style=a style=b:url({T})>"),
    "style= empty": (f"<img style src={T}>", f"<img{MARK} style data-ckit-src={T}>"),
    "style= and src=": (
        f"<img style='a:url({T})' src={T}>",
        f"<img{MARK} style='a:url(data:,#{T})' data-ckit-src={T}>",
    ),
    "style= of a style": (
        f"<style style='a:url({T})'>b{{c:url({T})}}</style>",
        f"<style{MARK} style='a:url(data:,#{T})'>b{{c:url(data:,#{T})}}</style>",
    ),
    "style= of html": (f"<html style='a:url({T})'>", f"<html{MARK} style='a:url(data:,#{T})'>"),
    "style= of body": (f"<body style='a:url({T})'>", f"<body{MARK} style='a:url(data:,#{T})'>"),
    # A drawing's own tag is read by HTML; what is in it is not.
    "style= of svg": (f"<svg style='a:url({T})'></svg>", f"<svg{MARK} style='a:url(data:,#{T})'></svg>"),
    "a snippet": (
        "<script type=text/javascript>track(1)</script>",
        f'<script{MARK} type="text/plain" data-ckit-type=text/javascript>track(1)</script>',
    ),
    "a snippet with a lazy src": (
        f"<script data-src={T}>track(1)</script>",
        f'<script{MARK} type="text/plain" data-ckit-data-src={T}>track(1)</script>',
    ),
    "a script that loads its text": ("<script src=/x>track(1)</script>", "<script src=/x>track(1)</script>"),
    "a language": ("<script language=vbscript>track(1)</script>", "<script language=vbscript>track(1)</script>"),
    "an empty type": (
        '<script type="">track(1)</script>', f'<script{MARK} type="text/plain" data-ckit-type="">track(1)</script>',
    ),
    "spaces around a type": (
        "<script type=' Module '>track(1)</script>",
        f"<script{MARK} type=\"text/plain\" data-ckit-type=' Module '>track(1)</script>",
    ),
    "an own language": (
        "<script language=JavaScript>track(1)</script>",
        f'<script{MARK} type="text/plain" language=JavaScript>track(1)</script>',
    ),
    "a snippet that never ends": ("<script>track(1)", "<script>track(1)"),
    "a snippet in a noscript": ("<noscript><script>track(1)</script></noscript>",) * 2,
    "a snippet in a template": ("<template><script>track(1)</script></template>",) * 2,
    "a snippet in a foreignObject": (
        "<svg><foreignObject><script>track(1)</script>",
        f'<svg><foreignObject><script{MARK} type="text/plain">track(1)</script>',
    ),
    "refresh": (
        f"<meta http-equiv=Refresh content='5; URL = \"{T}\" x'>",
        f"<meta{MARK} http-equiv=Refresh data-ckit-content='5; URL = \"{T}\" x'>",
    ),
    "refresh without url=": (
        f"<meta http-equiv=refresh content=0;{T}>", f"<meta{MARK} http-equiv=refresh data-ckit-content=0;{T}>"
    ),
    "refresh of the page": ("<meta http-equiv=refresh content=300>",) * 2,
    "refresh of the site": ("<meta http-equiv=refresh content='3;url=/x//y'>",) * 2,
    "another meta": (f"<meta property=og:image content='https:{T}'>",) * 2,
}  # fmt: skip


@pytest.mark.parametrize(("page", "expected"), EDITS.values(), ids=EDITS)
def test_edits_of_text_only_insert(page: str, expected: str) -> None:
    """
    A sheet gets `data:,#` in front of each URL that waits, a script a type that does not run.
    """
    assert held(page) == expected


def test_a_script_is_not_looked_into_without_signatures() -> None:
    """
    Signatures are a rule of their own, with a judge and without.
    """
    page = "<html><head><link rel=icon href=x><script>track(1)</script></head><body>x"

    assert held(page, Rules(judge)) == page
    assert "text/plain" in held(page, Rules(None, signatures=signatures))
    assert b"text/plain" in rewrite(page.encode(), Rules(None, signatures=signatures))


def data_url(script: str, head: str = "data:text/javascript;base64,") -> str:
    return head + base64.b64encode(script.encode()).decode()


DATA = {
    "in plain": (f"data:,import('{T}')", True),
    "percent-encoded": ("data:text/javascript,a%3D%22https%3A%2F%2Ftracker.example%2Fx%22", True),
    "in base 64": (data_url(f"x.src='https:{T}'"), True),
    "in base 64, without padding": (data_url(f"x.src='https:{T}' ").rstrip("="), True),
    "with escaped slashes": ("data:,a='https:\\/\\/tracker.example'", True),
    "in upper case": (f"DATA:,import('{T}')", True),
    "another host": ("data:,import('//cdn.example/x')", False),
    "no URL": ("data:,alert(1)", False),
    "base 64 that is none": ("data:;base64,AéB", False),
    "one letter too many": (data_url(f"'{T}'123") + "A", True),
    "too far": ("data:," + "x" * 70_000 + f"'{T}'", False),
}


@pytest.mark.parametrize(("url", "is_held"), DATA.values(), ids=DATA)
def test_scripts_in_addresses_are_read(url: str, is_held: bool) -> None:
    """
    A script written into its own address waits when it names one that would.
    """
    output = rewrite(f'<script src="{url}"></script>'.encode(), inserting=Inserting.NEVER)

    assert (b"data-ckit-src" in output) is is_held


def test_images_in_addresses_are_no_scripts() -> None:
    """
    Only scripts run.
    """
    assert held(f"<img src=\"data:,'{T}'\">") == f"<img src=\"data:,'{T}'\">"


@pytest.mark.parametrize("page", [b"<script>%strack(1)</script>", b"<style>%sa{b:url(//tracker.example)}</style>"])
@pytest.mark.parametrize(("size", "is_held"), [(LONGEST_TEXT - 40, True), (LONGEST_TEXT + 1, False)])
def test_a_text_has_a_limit(page: bytes, size: int, is_held: bool) -> None:
    """
    A text of more than a megabyte passes without a look, however it is cut.
    """
    came = page % (b";" * size)

    for cuts in ((), (100,), (size,), range(0, len(came), 65_536)):
        assert (b"data-ckit-" in rewrite(came, inserting=Inserting.NEVER, cuts=cuts)) is is_held


def test_xhtml_styles_and_refreshes() -> None:
    """
    In XML attributes are read alike; the text of elements is not.
    """
    rules = Rules(judge, xhtml=True)
    page = f"<html><head><meta http-equiv='refresh' content='0;{T}'/></head><body><p style='a:url({T})'/></body></html>"

    output = rewrite(page.encode(), rules, Inserting.NEVER)

    assert output.count(b"data-ckit-purpose") == 2


def test_the_style_of_an_html_tag_is_held_beside_our_attributes() -> None:
    """
    The first tag of a page has both.
    """
    output = rewrite(f"<html style='a:url({T})'><head></head><body>x".encode())

    assert output.startswith(f"<html data-ckit-text=\"150\"{MARK} style='a:url(data:,#{T})'>".encode())


def test_a_refresh_that_calls_itself_viewport_stays() -> None:
    """
    What is held is not left out as well.
    """
    page = f"<head><meta name=viewport http-equiv=refresh content='0;{T}'></head><body>x".encode()

    output, rewriter = rewritten(page, Rules(judge, drop_viewport=True))

    assert undone(output, rewriter.edits, page) == page
    assert b"data-ckit-content" in output


def test_an_overlong_script_tag_is_not_read_for_its_text() -> None:
    """
    A start tag that is too long to wait for can't wait for its text.
    """
    page = b"<script title='" + b"x" * 70_000 + b"'>track(1)</script>"

    assert rewrite(page, inserting=Inserting.NEVER) == page


def test_texts_are_remembered() -> None:
    """
    A snippet is judged once; the same text in another tag has the places of that tag.
    """
    asked: list[bytes] = []

    def look(script: bytes) -> Held | None:
        asked.append(script)
        return Held("marketing")

    rules = Rules(judge, signatures=look, memory=TagMemory())
    for _ in range(2):
        rewrite(b"<script>1</script><script>1</script><script type=module>1</script>", rules)

    assert asked == [b"1", b"1"]


def test_texts_in_pieces_are_linear() -> None:
    """
    Ten times as much text in pieces takes ten times as long, not a hundred times.
    """

    def seconds(page: bytes, step: int) -> float:
        rewriter = Rewriter(HOLDING, Markers())
        start = time.process_time()
        for at in range(0, len(page), step):
            rewriter.feed(page[at : at + step])
        rewriter.close()
        return time.process_time() - start

    for piece in (b"<script><!--</script>", b"<script><!--", b"<style>a{b:url(", b"<b style=\"a:url('x')\">", b"url("):
        for step in (20, 10**7):
            assert seconds(piece * 10_000, step) < 25 * seconds(piece * 1_000, step) + 0.2
