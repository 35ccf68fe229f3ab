"""What a reader would see of a page, measured by script: how large each text is, what is cut off, what lies on what.

Written without a look at the code that enlarges text, so that the two can disagree. Every script is an expression
that gives plain values, for Chromium and Firefox alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: A function that gives every visible text of the page in document order, those of open shadow roots too.
MEASURE = r"""
(() => {
  const skip = "script,style,noscript,template,svg,math,canvas,title,option,[data-ckit-ui]";
  const texts = [], boxes = new Map(), clips = new Map();
  const up = (e) => e.assignedSlot || e.parentElement || (e.parentNode && e.parentNode.host) || null;
  const clip = (e) => {
    if (!e || e === document.documentElement || e === document.body)
      return { l: -1e6, t: -1e6, r: 1e6, b: 1e6 };
    if (clips.has(e)) return clips.get(e);
    let c = clip(up(e));
    const s = getComputedStyle(e);
    if (!boxes.has(e)) boxes.set(e, boxes.size);
    if (s.overflowX !== "visible" || s.overflowY !== "visible") {
      const r = e.getBoundingClientRect();
      c = { l: Math.max(c.l, r.left), t: Math.max(c.t, r.top), r: Math.min(c.r, r.right), b: Math.min(c.b, r.bottom) };
    }
    clips.set(e, c);
    return c;
  };
  const held = (e) => { for (; e; e = up(e)) if (getComputedStyle(e).position === "fixed") return true; return false };
  const range = document.createRange();
  const walk = (root) => {
    const walker = document.createTreeWalker(root, 5, { acceptNode: (n) =>
      n.nodeType === 1 ? (n.matches(skip) ? 2 : 1) : (/^[\s\ue000-\uf8ff]*$/.test(n.data) ? 3 : 1) });
    for (let n = walker.nextNode(); n; n = walker.nextNode()) {
      if (n.nodeType === 1) {
        if (n.shadowRoot) walk(n.shadowRoot);
        if (n.matches("input:not([type=hidden],[type=checkbox],[type=radio],[type=range],[type=color],[type=image])," +
          "textarea,select") && n.getBoundingClientRect().width) texts.push({ size: parseFloat(getComputedStyle(n).fontSize),
          glyph: 0, words: n.localName });
        continue;
      }
      const e = n.parentElement;
      if (!e || !e.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
      const at = n.data.search(/\S/);
      range.setStart(n, at); range.setEnd(n, at + 1);
      const glyph = range.getBoundingClientRect().height;
      const c = clip(e);
      range.selectNodeContents(n);
      const lines = [...range.getClientRects()].map((r) => ({ l: Math.max(r.left, c.l), r: Math.min(r.right, c.r),
        t: r.top + r.height / 4, b: r.bottom - r.height / 4, seen: r.bottom > c.t + r.height / 2 && r.top < c.b - r.height / 2 }))
        .filter((r) => r.seen && r.r - r.l > 3);
      if (!glyph) continue;
      const family = getComputedStyle(e).fontFamily.split(",")[0];
      texts.push({ size: parseFloat(getComputedStyle(e).fontSize), glyph, lines, n, fixed: held(e), words: n.data.trim().slice(0, 40),
        icon: /icon|awesome|glyph|symbol|dashicons/i.test(family) });
    }
  };
  walk(document.documentElement);
  const overlaps = [];
  const sorted = texts.map((t, i) => (t.lines || []).map((l) => ({ ...l, i }))).flat().sort((a, b) => a.t - b.t);
  let open = [];
  for (const a of sorted) {
    open = open.filter((b) => b.b > a.t);
    // What is held in the window lies on what is scrolled beneath it, at any size.
    for (const b of open) if (texts[a.i].fixed === texts[b.i].fixed && a.l < b.r - 2 && b.l < a.r - 2) overlaps.push(Math.min(a.i, b.i) + "~" + Math.max(a.i, b.i));
    open.push(a);
  }
  const cut = [];
  for (const [e, id] of boxes) {
    const s = getComputedStyle(e);
    if (e.clientHeight <= 2 || e.clientWidth <= 2) continue;
    const hides = (o) => o === "hidden" || o === "clip";
    if (hides(s.overflowY) && e.scrollHeight > e.clientHeight + 2) cut.push("y" + id + " " + e.localName + "#" + e.id + "." + e.className);
    if (hides(s.overflowX) && e.scrollWidth > e.clientWidth + 2) cut.push("x" + id + " " + e.localName + "#" + e.id + "." + e.className);
  }
  const wide = Math.max(document.documentElement.scrollWidth, document.body ? document.body.scrollWidth : 0);
  return { width: document.documentElement.clientWidth, wide, cut, overlaps: [...new Set(overlaps)],
    texts: texts.map(({ size, glyph, words, icon }) => ({ size, glyph, words, icon: !!icon })) };
})()
"""

#: The markup of the page without what is ours.
OUTSIDE = """
(() => { const copy = document.documentElement.cloneNode(true);
  copy.removeAttribute("data-ckit-text");
  copy.querySelectorAll("[data-ckit-ui], ckit-ui, script").forEach((e) => e.remove());
  return copy.outerHTML })()
"""

#: Layout shifts as browsers count them, from the first paint on (Chromium).
SHIFTS = """new Promise(done => { let sum = 0;
  new PerformanceObserver(list => list.getEntries().forEach(e => sum += e.hadRecentInput ? 0 : e.value))
  .observe({ type: 'layout-shift', buffered: true }); setTimeout(() => done(sum), 400) })"""


@dataclass(frozen=True)
class Change:
    """What became of a page. Every list is empty where nothing got worse."""

    texts: int
    #: Texts whose computed size did not grow by the ratio: words, ratio.
    wrong: Sequence[tuple[str, float]]
    #: Texts whose glyphs did not.
    small: Sequence[tuple[str, float]]
    #: Pixels that the page is wider than its window, and was not before.
    sideways: float
    cut: Sequence[str]
    overlaps: Sequence[tuple[str, str]]


def compare(before: Mapping[str, Any], after: Mapping[str, Any], ratio: float) -> Change:
    """The same page measured before and after it was enlarged."""
    pairs = list(zip(before["texts"], after["texts"], strict=False))
    pairs = [(a, b) for a, b in pairs if a["words"] == b["words"] and not a["icon"]]
    grown = [(a["words"], round(b["size"] / a["size"], 3)) for a, b in pairs if a["size"]]
    drawn = [(a["words"], round(b["glyph"] / a["glyph"], 3)) for a, b in pairs if a["glyph"]]
    words = [text["words"] for text in after["texts"]]
    fresh = [name for name in after["overlaps"] if name not in set(before["overlaps"])]
    return Change(
        texts=len(pairs),
        wrong=[each for each in grown if abs(each[1] - ratio) > ratio * 0.01],
        # Browsers round a font's ascent and descent to whole pixels, each time by up to half a pixel.
        small=[each for each in drawn if each[1] < ratio * 0.9],
        sideways=max(0, after["wide"] - max(after["width"], before["wide"])),
        cut=[name for name in after["cut"] if name.split()[0] not in {old.split()[0] for old in before["cut"]}],
        overlaps=[(words[int(a)], words[int(b)]) for a, b in (name.split("~") for name in fresh)],
    )
