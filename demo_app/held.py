"""What the pages of the newspaper carry, told for visitors. The page /held shows this list."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Carried:
    """One third party in the pages. `purpose` is empty for those that no answer of the visitor releases."""

    company: str
    host: str
    where: str
    what: str
    purpose: str = ""
    why: str


CARRIED = (
    Carried(
        company="Demo Analytics",
        host="analytics.localhost",
        where="Every page",
        what="A script in the head that gives you a number and reports which page you read; an invisible"
        " pixel that does the same without script.",
        purpose="analytics",
        why="Declared for reading statistics. Runs when you agree to them, and only then.",
    ),
    Carried(
        company="Demo Video",
        host="video.localhost",
        where="Articles with a film, and the front page",
        what="A player in a frame. It learns which film you opened and where it is embedded, and"
        " recognises you next time.",
        purpose="media",
        why="Declared for videos. In its place you see a notice, where you can load one film or all of them.",
    ),
    Carried(
        company="Demo Ads",
        host="ads.localhost",
        where="Front page and articles, beside the text",
        what="A script that puts a picture, a second frame and a counting pixel into the page.",
        why="Nobody declared it, so you were never asked about it, so it never runs.",
    ),
    Carried(
        company="Google Tag Manager",
        host="www.googletagmanager.com",
        where="Every page",
        what="A loader in the head, the lines that configure it, and a hidden frame for browsers without script.",
        why="Known as a tag manager and not declared: the loader and the frame stay where they are, asleep. Its own few lines wait with it, and what the page tells it is kept for nobody.",
    ),
    Carried(
        company="YouTube",
        host="www.youtube-nocookie.com",
        where="The article about the accordion school",
        what="A player in a frame.",
        why='Known as video and not declared. Declaring it takes the owner one word: vendors=["youtube"].',
    ),
)
