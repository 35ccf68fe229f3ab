"""Whether the colours that an owner gives our properties can be read, in a light page and in a dark one.

Works on the text of style sheets: what stands in `--ckit-…` is resolved as a browser would, as far as that can be done
without a page. What can't be resolved (a variable of the site's own, a mix) is not judged.
"""

from __future__ import annotations

import colorsys
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

#: WCAG 2.2, 1.4.3 (text) and 1.4.11 (edges of controls).
TEXT, EDGE = 4.5, 3.0

Colour = tuple[float, float, float]

# The system's colours as Chromium and Firefox paint them, light and dark.
_SYSTEM: Mapping[str, tuple[str, str]] = {
    "canvas": ("#ffffff", "#121212"),
    "canvastext": ("#000000", "#ffffff"),
    "graytext": ("#6d6d6d", "#a6a6a6"),
}

_DEFAULTS: Mapping[str, str] = {
    "background": "canvas",
    "text": "canvastext",
    "edge": "graytext",
    "button": "canvastext",
    "button-text": "canvas",
}

_NAMED: Mapping[str, str] = {
    "black": "#000000", "white": "#ffffff", "red": "#ff0000", "green": "#008000", "blue": "#0000ff",
    "navy": "#000080", "gray": "#808080", "grey": "#808080", "silver": "#c0c0c0", "maroon": "#800000",
    "purple": "#800080", "teal": "#008080", "olive": "#808000", "yellow": "#ffff00", "lime": "#00ff00",
    "aqua": "#00ffff", "cyan": "#00ffff", "fuchsia": "#ff00ff", "magenta": "#ff00ff", "orange": "#ffa500",
}  # fmt: skip

# Pairs that are seen on each other: the front, the ground, what it is, and how much is needed.
_PAIRS = (
    ("text", "background", "words", TEXT),
    ("button-text", "button", "words on Accept and Reject", TEXT),
    ("edge", "background", "edges of buttons", EDGE),
)

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_DARK = re.compile(r"@media[^{]*prefers-color-scheme\s*:\s*dark[^{]*\{((?:[^{}]|\{[^{}]*\})*)\}", re.IGNORECASE)
_PROPERTY = re.compile(r"--ckit-([a-z-]+)\s*:\s*([^;}]+)")
_RULE = re.compile(r"([^{};]*data-ckit-action[^{}]*)\{([^}]*)\}")
_ACTION = re.compile(r"data-ckit-action\s*=\s*[\"']?(accept|reject)\b")


@dataclass(frozen=True)
class Poor:
    """A pair that can't be read well enough. `scheme`: "light" or "dark"."""

    what: str
    front: str
    ground: str
    scheme: str
    ratio: float
    needed: float


def poor(css: str) -> list[Poor]:
    """The pairs of our properties, as these style sheets set them, that have too little contrast."""
    text = _COMMENT.sub("", css)
    dark = " ".join(_DARK.findall(text))
    light = dict(_PROPERTY.findall(_DARK.sub("", text)))
    schemes = {"light": light, "dark": light | dict(_PROPERTY.findall(dark))}
    return (
        [each for scheme, properties in schemes.items() for each in _poor(properties, scheme)] if light or dark else []
    )


def uneven(css: str) -> list[str]:
    """Selectors of rules that dress Accept or Reject alone."""
    found = []
    for selector, _ in _RULE.findall(_COMMENT.sub("", css)):
        named = set(_ACTION.findall(selector))
        if len(named) == 1:
            found.append(" ".join(selector.split()))
    return found


def _poor(properties: Mapping[str, str], scheme: str) -> Iterator[Poor]:
    for front, ground, what, needed in _PAIRS:
        # What the owner does not set is the system's, and right.
        if front not in properties and ground not in properties:
            continue
        above, below = (colour(properties.get(name, _DEFAULTS[name]), scheme) for name in (front, ground))
        if above is None or below is None:
            continue
        found = ratio(above, below)
        if found < needed:
            yield Poor(what, f"--ckit-{front}", f"--ckit-{ground}", scheme, round(found, 2), needed)


def ratio(one: Colour, other: Colour) -> float:
    """The contrast ratio of WCAG 2.2, from 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def colour(text: str, scheme: str) -> Colour | None:
    """Red, green and blue from 0 to 1, or None where it takes a browser to say. `scheme`: "light" or "dark"."""
    text = text.replace("!important", "").strip().lower()
    if text.startswith("light-dark(") and text.endswith(")"):
        parts = _arguments(text[11:-1])
        return colour(parts[scheme == "dark"], scheme) if len(parts) == 2 else None
    if text in _SYSTEM:
        text = _SYSTEM[text][scheme == "dark"]
    text = _NAMED.get(text, text)
    if found := re.fullmatch(r"#([0-9a-f]{3}|[0-9a-f]{6})", text):
        digits = found[1] if len(found[1]) == 6 else "".join(digit * 2 for digit in found[1])
        red, green, blue = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
        return red, green, blue
    if found := re.fullmatch(r"rgb\(\s*([\d.]+)[\s,]+([\d.]+)[\s,]+([\d.]+)\s*\)", text):
        red, green, blue = (min(float(part), 255) / 255 for part in found.groups())
        return red, green, blue
    if found := re.fullmatch(r"hsl\(\s*([\d.]+)(?:deg)?[\s,]+([\d.]+)%[\s,]+([\d.]+)%\s*\)", text):
        hue, saturation, lightness = (float(part) for part in found.groups())
        return colorsys.hls_to_rgb(hue % 360 / 360, min(lightness, 100) / 100, min(saturation, 100) / 100)
    return None


def _arguments(text: str) -> list[str]:
    """What stands between the commas that are not inside of brackets."""
    parts, depth = [""], 0
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return parts


def _luminance(colour: Colour) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour
    )  # fmt: skip
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
