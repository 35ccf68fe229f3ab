"""Tag soup: what generated pages are made of. Every piece has broken some parser once."""

from __future__ import annotations

import random

from hypothesis import strategies as st

PIECES = [
    b'<!doctype html>', b'<html>', b'<html lang="en">', b'<head>', b'</head>', b'<body>',
    b'<body class=a>', b'</body>', b'</html>', b'<p>', b'</p>', b'text', b'  ', b'<div>', b'</div>',
    b'<b>', b'</b>', b'<a href=x>', b'</a>', b'<table>', b'<tr>', b'<td>', b'</td>', b'</tr>', b'</table>',
    b'<script>', b'</script>', b'<script src="https://a.tracker.example/x.js">',
    b'<script src=/own.js></script>', b'<style>', b'</style>', b'<title>', b'</title>', b'<textarea>',
    b'</textarea>', b'<noscript>', b'</noscript>', b'<iframe src="//tracker.other/e">', b'</iframe>',
    b'<img src=//x.tracker.example/p.gif>', b'<img src="a.png" srcset="b.png 1x, https://tracker.x/y 2x">',
    b'<link rel=stylesheet href="https://tracker.x/s.css">',
    b'<link rel=canonical href="https://tracker.x/">', b'<meta charset=utf-8>',
    b'<meta name="viewport" content="width=1">', b'<base href="/x/">',
    b'<base href="https://tracker.base/">', b'<svg>', b'</svg>', b'<svg/>', b'<path d="M0"/>',
    b'<foreignObject>', b'</foreignObject>', b'<desc>', b'</desc>', b'<math>', b'</math>', b'<mi>',
    b'</mi>', b'<annotation-xml encoding="text/html">', b'</annotation-xml>', b'<template>',
    b'</template>', b'<select>', b'</select>', b'<option>', b'<input type=image src="//tracker.x/i">',
    b'<input type=text>', b'<button>', b'</button>', b'<label>', b'</label>',
    b'<object data="//tracker.x/o">', b'</object>', b'<embed src="//tracker.x/m">',
    b'<video src="//tracker.x/v" poster="//tracker.x/p">', b'</video>', b'<audio src=/a>', b'</audio>',
    b'<source srcset="//tracker.x/s">', b'<frameset>', b'</frameset>', b'<frame src="//tracker.x/f">',
    b'<noframes>', b'</noframes>', b'<noembed>', b'</noembed>', b'<xmp>', b'</xmp>', b'<plaintext>',
    b'<!--', b'-->', b'--!>', b'<!-->', b'<!--->', b'<!x>', b'<?pi?>', b'</ x>', b'</>', b'<![CDATA[',
    b']]>', b'<', b'</', b'<!', b'&amp;', b"<a b='>", b"'>", b'"', b'=', b'<p x="', b'<i/y=z>', b'<br/>',
    b'</br>', b'</p>', b'<li>', b'<h1>', b'</h1>', b'<font color=x>', b'<font>', b'</font>',
    b'<image src="//tracker.x/q">', b'<td background="//tracker.x/b">', b'<a ping="//tracker.x/z" href=q>',
    b'<SCRIPT SRC=//tracker.x/c>', b'</SCRIPT >', b'</scriptx>', b'</style/>', b'<script><!--',
    b'<script>--></script>', b'</title x=">">', b'<svg><script href="//tracker.x/h"/>', b'<svg><style>',
    b'<svg><title>', b'<ruby><rt>', b'<col>', b'<caption>', b'<hr>', b'<form>', b'</form>',
    b'<iframe srcdoc="&lt;img src=//tracker.x&gt;">', b'<object>', b'<applet>', b'<marquee>',
    b'</marquee>', b'\\x00', b'\xc3\xa9', b'<style>a{b:url(//tracker.x/c)}</style>', b"<style>@import '//tracker.x/i'",
    b'url(//tracker.x/u)', b'<p style="background:url(//tracker.x/p)">', b"<b style='a:url(&quot;//tracker.x/&quot;)'>",
    b'<script>track(1)</script>', b'<script type=module>track(2)</script>', b'track(', b'<script type=a/b>track(3)',
    b'<meta http-equiv=refresh content="0;url=//tracker.x/r">', b'<svg style="a:url(//tracker.x/)">',
]  # fmt: skip

FRAMES = [
    (b"", b""),
    (b"<body>", b""),
    (b"<!doctype html><html><head><title>t</title></head><body>", b"</body></html>"),
]

#: A page: a run of pieces, in a frame or without.
pages = st.builds(
    lambda pieces, frame: frame[0] + b"".join(pieces) + frame[1],
    st.lists(st.sampled_from(PIECES), max_size=20),
    st.sampled_from(FRAMES),
)


def soup(chance: random.Random) -> bytes:
    """The same at a fixed chance, for counting."""
    before, after = chance.choice(FRAMES)
    return before + b"".join(chance.choices(PIECES, k=chance.choice([3, 5, 8, 13, 20]))) + after
