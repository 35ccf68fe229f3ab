"""Three companies that the newspaper's pages call: a statistics service, a video player and an ad network.

Each is a site of its own (`analytics.localhost`, `video.localhost`, `ads.localhost`), so a browser treats it
as it treats any third party. Each writes down who asked it for what: that is how a visitor, or a test, can
see that nothing was asked before it was agreed. They know nothing of consentkit, as in life.
"""

from __future__ import annotations

import secrets
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.templating import Jinja2Templates

HERE = Path(__file__).parent
TEMPLATES = Jinja2Templates(HERE / "templates" / "third_parties")

# The smallest transparent GIF that every browser draws: one pixel, 42 bytes.
PIXEL = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c000000000100010000020144003b")
YEAR_SECONDS = 365 * 24 * 60 * 60


@dataclass(frozen=True)
class Visit:
    """One request that reached a third party."""

    time: str
    path: str
    #: The site whose page caused it, from Referer; empty when the browser did not say.
    site: str
    #: Whether the browser brought back an identifier, that is, whether this person was recognised.
    recognised: bool


@dataclass
class Visits:
    """What one third party has written down since it was started or emptied."""

    host: str
    paths: Counter[str] = field(default_factory=Counter)
    sites: Counter[str] = field(default_factory=Counter)
    recognised: int = 0
    #: Only the newest are kept one by one; the counters hold everything.
    latest: deque[Visit] = field(default_factory=lambda: deque(maxlen=100))

    @property
    def total(self) -> int:
        return self.paths.total()

    def add(self, visit: Visit) -> None:
        self.paths[visit.path] += 1
        self.sites[visit.site] += 1
        self.recognised += visit.recognised
        self.latest.appendleft(visit)

    def clear(self) -> None:
        self.paths.clear()
        self.sites.clear()
        self.recognised = 0
        self.latest.clear()

    def as_json(self) -> dict[str, object]:
        return {
            "host": self.host,
            "total": self.total,
            "recognised": self.recognised,
            "paths": dict(self.paths),
            "sites": dict(self.sites),
            "visits": [vars(visit) for visit in self.latest],
        }


class ThirdParty:
    """A host that counts its visits, recognises people by two kinds of cookie and shows what it knows."""

    #: First label of the host name, first part of the names of the cookies.
    name = ""
    title = ""

    def __init__(self) -> None:
        self.host = f"{self.name}.localhost"
        self.visits = Visits(self.host)

    def app(self) -> Starlette:
        own = [
            Route("/", self.show, methods=["GET"]),
            Route("/visits", self.show, methods=["GET"]),
            Route("/visits.json", self.show_json, methods=["GET"]),
            Route("/visits", self.empty, methods=["POST"]),
            Route("/visits.json", self.empty, methods=["POST"]),
        ]
        return Starlette(routes=[*own, *self.routes()])

    def routes(self) -> list[Route]:
        raise NotImplementedError

    async def show(self, request: Request) -> Response:
        if "application/json" in request.headers.get("accept", ""):
            return await self.show_json(request)
        return TEMPLATES.TemplateResponse(request, "visits.html", {"party": self}, headers=OPEN_TO_READ)

    async def show_json(self, request: Request) -> Response:
        return JSONResponse(self.visits.as_json(), headers=OPEN_TO_READ)

    async def empty(self, request: Request) -> Response:
        self.visits.clear()
        if request.url.path.endswith(".json") or "application/json" in request.headers.get("accept", ""):
            return await self.show_json(request)
        return RedirectResponse("/visits", status_code=303)

    def count(self, request: Request, response: Response) -> Response:
        """Write the visit down and hand out the two cookies that a tracker would like to find again."""
        kept, partitioned = f"{self.name}_id", f"{self.name}_partitioned"
        self.visits.add(
            Visit(
                time=datetime.now(UTC).isoformat(timespec="seconds"),
                path=request.url.path,
                site=asking_site(request),
                recognised=kept in request.cookies or partitioned in request.cookies,
            )
        )
        for name, last in ((kept, ""), (partitioned, "; Partitioned")):
            value = request.cookies.get(name) or secrets.token_hex(8)
            # By hand: Starlette's set_cookie(partitioned=True) needs Python 3.14.
            response.headers.append(
                "set-cookie",
                f"{name}={value}; Path=/; Max-Age={YEAR_SECONDS}; SameSite=None; Secure; HttpOnly{last}",
            )
        response.headers.update(allow_reading(request))
        return response


#: The lists of visits may be read by the newspaper's page and by nobody's cache.
OPEN_TO_READ: Mapping[str, str] = {"access-control-allow-origin": "*", "cache-control": "no-store"}


def allow_reading(request: Request) -> dict[str, str]:
    """What a service made for embedding answers: any site may load, read and time it, also with cookies."""
    headers = {
        "cache-control": "no-store",
        "cross-origin-resource-policy": "cross-origin",
        "timing-allow-origin": "*",
        "vary": "Origin",
    }
    if origin := request.headers.get("origin"):
        # A star is not allowed together with cookies (Fetch standard, 3.3.5).
        headers |= {"access-control-allow-origin": origin, "access-control-allow-credentials": "true"}
    return headers


def asking_site(request: Request) -> str:
    # A frame passes on who embeds it; else the poster in it would seem to be asked for by the frame itself.
    if passed_on := request.query_params.get("site"):
        return passed_on[:80]
    return urlsplit(request.headers.get("referer", "")).hostname or ""


def script(text: str) -> Response:
    return Response(text, media_type="text/javascript")


class Analytics(ThirdParty):
    name = "analytics"
    title = "Demo Analytics"

    def routes(self) -> list[Route]:
        return [
            Route("/collect.js", self.collect),
            Route("/hit", self.hit, methods=["GET", "POST"]),
            Route("/pixel.gif", self.pixel),
        ]

    async def collect(self, request: Request) -> Response:
        return self.count(request, script((HERE / "third_party_scripts" / "collect.js").read_text("utf-8")))

    async def hit(self, request: Request) -> Response:
        return self.count(request, Response(status_code=204))

    async def pixel(self, request: Request) -> Response:
        return self.count(request, Response(PIXEL, media_type="image/gif"))


class Video(ThirdParty):
    name = "video"
    title = "Demo Video"

    #: What the player can show: id, title and length in seconds.
    FILMS: Mapping[str, tuple[str, int]] = {
        "footbridge": ("Across the Podstijena footbridge", 94),
        "regatta": ("Autumn regatta, the last 200 metres", 61),
        "raspberries": ("A day at the cooling house", 128),
    }

    def routes(self) -> list[Route]:
        return [Route("/embed/{film}", self.embed), Route("/poster/{film}.svg", self.poster)]

    async def embed(self, request: Request) -> Response:
        film = request.path_params["film"]
        if film not in self.FILMS:
            return Response("No such film.", status_code=404, media_type="text/plain")
        title, seconds = self.FILMS[film]
        context = {"film": film, "title": title, "seconds": seconds, "site": asking_site(request)}
        return self.count(request, TEMPLATES.TemplateResponse(request, "embed.html", context))

    async def poster(self, request: Request) -> Response:
        film = request.path_params["film"]
        if film not in self.FILMS:
            return Response("No such film.", status_code=404, media_type="text/plain")
        picture = TEMPLATES.get_template("poster.svg").render(film=film)
        return self.count(request, Response(picture, media_type="image/svg+xml"))


class Ads(ThirdParty):
    name = "ads"
    title = "Demo Ads"

    def routes(self) -> list[Route]:
        return [
            Route("/ad.js", self.ad),
            Route("/creative.svg", self.creative),
            Route("/frame", self.frame),
            Route("/pixel.gif", self.pixel),
        ]

    async def ad(self, request: Request) -> Response:
        return self.count(request, script((HERE / "third_party_scripts" / "ad.js").read_text("utf-8")))

    async def creative(self, request: Request) -> Response:
        picture = TEMPLATES.get_template("creative.svg").render()
        return self.count(request, Response(picture, media_type="image/svg+xml"))

    async def frame(self, request: Request) -> Response:
        return self.count(request, TEMPLATES.TemplateResponse(request, "ad_frame.html"))

    async def pixel(self, request: Request) -> Response:
        return self.count(request, Response(PIXEL, media_type="image/gif"))


@dataclass(frozen=True)
class ThirdParties:
    """The three of them, as one newspaper's pages embed them."""

    analytics: Analytics = field(default_factory=Analytics)
    video: Video = field(default_factory=Video)
    ads: Ads = field(default_factory=Ads)

    def __iter__(self) -> Iterator[ThirdParty]:
        return iter((self.analytics, self.video, self.ads))

    def clear(self) -> None:
        for party in self:
            party.visits.clear()
