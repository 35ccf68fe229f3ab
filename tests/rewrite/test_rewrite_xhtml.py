"""XHTML: where every element has its tags, and names are what they are."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from consentkit.rewrite import Inserting, Rules
from tests.rewrite.oracle import BODY, EARLY, LATE, PLACEHOLDER, judge, rewrite, rewritten, undone

XHTML = Rules(judge, b' data-ckit-text="150"', xhtml=True)
PAGE = """<?xml version="1.0"?><?x <head> > ?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="sr"><head><title>x</title>{head}</head>
<body><p/>{body}</body></html>"""

BODIES = {
    "a script that closes itself": '<script src="//tracker.example/x"/><p>y</p>',
    "CDATA": "<script><![CDATA[ <img src='//tracker.example/x'/> ]]></script>",
    "svg": '<svg xmlns="http://www.w3.org/2000/svg"><image href="//tracker.example/x"/><style/></svg>',
    "an iframe": '<iframe src="//tracker.example/x"/>',
    "a comment": "<!-- <img src='//tracker.example/x'/> -->",
    "upper case is another element": "<IMG src='//tracker.example/x'/>",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_xhtml_stays_well_formed(body: str) -> None:
    """
    An XML parser reads the page after us as before, with our parts in it.
    """
    page = PAGE.format(head="<style/>", body=body).encode()

    output, rewriter = rewritten(page, XHTML)

    ET.fromstring(output)
    assert output.count(EARLY) == output.count(LATE) == output.count(BODY) == 1
    assert output.index(EARLY) < output.index(b"<style/>") < output.index(LATE) < output.index(BODY)
    assert undone(output, rewriter.edits, page) == page
    assert rewrite(page, XHTML, cuts=range(len(page))) == output
    assert rewriter.page.lang == "sr"


@pytest.mark.parametrize(
    ("body", "held"),
    [
        ('<script src="//tracker.example/x"/><img src="//tracker.example/x"/>', 2),
        ("<style><![CDATA[<img src='//tracker.example/x'/>]]></style>", 0),
        ("<textarea><img src='//tracker.example/x'/></textarea>", 1),
        ("<IMG src='//tracker.example/x'/>", 0),
        ("<noscript><img src='//tracker.example/x'/></noscript>", 1),
    ],
)
def test_xhtml_holds_elements(body: str, held: int) -> None:
    """
    No element holds raw text in XML, and one that closes itself swallows nothing.
    """
    assert rewritten(PAGE.format(head="", body=body).encode(), XHTML)[1].held.total() == held


def test_xhtml_placeholder_knows_its_place() -> None:
    """
    In a link there is no placeholder, after a closed one there is.
    """
    page = '<a id="x"/><a href="/x">{}</a>{}'.replace("{}", '<iframe src="//tracker.example/x"/>')

    assert rewrite(PAGE.format(head="", body=page).encode(), XHTML).count(PLACEHOLDER) == 1


@pytest.mark.parametrize("page", ["<html/>", "<html><head/><body>x</body></html>", "<p>x</p>", "<html><p>x</p></html>"])
def test_xhtml_implies_nothing(page: str) -> None:
    """
    Where a head is missing, nothing is made up.
    """
    output = rewrite(page.encode(), XHTML)

    assert EARLY not in output
    assert LATE not in output


def test_xhtml_viewport_goes_whole() -> None:
    """
    Only a meta that closes itself can be left out.
    """
    rules = Rules(drop_viewport=True, xhtml=True)
    page = PAGE.format(head='<meta name="viewport" content="a"/><meta name="viewport" content="b"></meta>', body="")

    output = rewrite(page.encode(), rules)

    assert b'content="a"' not in output
    assert b'content="b"' in output


def test_xhtml_never_only_holds() -> None:
    """
    With NEVER nothing goes in.
    """
    page = PAGE.format(head="", body="<p>x</p>").encode()

    assert rewrite(page, XHTML, Inserting.NEVER) == page


def test_xhtml_templates_are_followed() -> None:
    """
    In a template there is no placeholder, after it there is.
    """
    frame = '<iframe src="//tracker.example/x"/>'
    page = PAGE.format(head="", body=f"<template>{frame}</template>{frame}").encode()

    assert rewrite(page, XHTML).count(PLACEHOLDER) == 1


def test_xhtml_overlong_tags_are_judged() -> None:
    """
    A tag over the limit is judged attribute by attribute in XML, too.
    """
    page = PAGE.format(head="", body=f'<img alt="{"a" * 70_000}" src="//tracker.example/x"/>').encode()

    assert b"data-ckit-src" in rewrite(page, XHTML)
    assert rewrite(page, XHTML, cuts=range(0, len(page), 999)) == rewrite(page, XHTML)
