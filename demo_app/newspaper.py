"""The Drina Courier: an ordinary newspaper site, written as if nobody had thought of consent.

Its templates embed a statistics script, a tag manager, videos and ads just as their makers' instructions
say. Nothing here checks whether they may run: that is what consentkit is for. Only three places know of it,
because a real site would want them: the sign-in form records that the terms were accepted, the footer tells
the reader what is known about them, and the page /held shows what was held back.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from consentkit import LogUnavailable, MiddlewareMissing, accept

from . import articles, reader
from .board import MAX_NAME, MAX_TEXT, Board
from .editions import EDITIONS, Edition
from .held import CARRIED
from .third_parties import ThirdParties

HERE = Path(__file__).parent
MAX_FORM = 16 * 1024  # bytes; the longest form of the site is a comment
MAX_MEMBERS = 1000
SESSION = "courier_session"


class Newspaper:
    def __init__(self, third_parties: ThirdParties, *, port: int | None = None) -> None:
        self.third_parties = third_parties
        self.port = port
        self.board = Board()
        #: Session to name. The demo forgets everybody when it stops.
        self.members: OrderedDict[str, str] = OrderedDict()
        self.templates = Jinja2Templates(HERE / "templates", context_processors=[self.context])
        self.templates.env.filters["day"] = day
        self.templates.env.filters["clock"] = clock

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/", self.front),
                *(Route(f"/{slug}", self.section) for slug in articles.SECTIONS),
                *(Route(path, self.article) for path in articles.BY_PATH),
                *(Route(f"{path}/comments", self.comment, methods=["POST"]) for path in articles.BY_PATH),
                *(Route(f"{path}/reactions", self.react, methods=["POST"]) for path in articles.BY_PATH),
                *(Route(f"/{path}/", self.edition_front) for path in EDITIONS),
                *(Route(edition.story_path, self.edition_story) for edition in EDITIONS.values()),
                Route("/newsletter", self.newsletter),
                Route("/newsletter", self.subscribe, methods=["POST"]),
                Route("/sign-in", self.sign_in),
                Route("/sign-in", self.signed_in, methods=["POST"]),
                Route("/sign-out", self.sign_out, methods=["POST"]),
                *(Route(f"/{name}", self.plain_page) for name in ("about", "privacy", "terms")),
                Route("/held", self.held),
                Route("/held.json", self.held_json),
                Route("/held", self.empty_counters, methods=["POST"]),
                Route("/archive/2003", self.old_page),
                Route("/archive/2003/guestbook", self.old_guestbook),
                Route("/feed.xml", self.feed),
                Mount("/_demo/static", StaticFiles(directory=HERE / "static")),
            ],
            exception_handlers={HTTPException: self.error},
        )

    def context(self, request: Request) -> dict[str, Any]:
        """What every page needs: where its third parties live, who reads it, who is signed in."""
        port = self.port or request.url.port
        ending = f"{request.url.scheme}://{{}}.localhost" + (f":{port}" if port else "")
        return {
            "sections": articles.SECTIONS.values(),
            "editions": EDITIONS.values(),
            "analytics": ending.format("analytics"),
            "video": ending.format("video"),
            "ads": ending.format("ads"),
            "bare_copy": ending.format("bare"),
            "protected_copy": ending.format("").replace("//.", "//"),
            "reader": reader.read(request),
            "member": self.members.get(request.cookies.get(SESSION, "")),
        }

    def page(self, request: Request, template: str, *, status: int = 200, **context: Any) -> Response:
        return self.templates.TemplateResponse(request, template, context, status_code=status)

    # The paper

    async def front(self, request: Request) -> Response:
        lead, *others = articles.ARTICLES
        return self.page(
            request, "front.html", lead=lead, others=others, latest=articles.LATEST, notices=articles.NOTICES
        )

    async def section(self, request: Request) -> Response:
        section = articles.SECTIONS[request.url.path.strip("/")]
        return self.page(request, "section.html", section=section, articles=articles.in_section(section))

    async def article(self, request: Request) -> Response:
        return self.article_page(request, articles.BY_PATH[request.url.path])

    def article_page(
        self,
        request: Request,
        article: articles.Article,
        *,
        status: int = 200,
        problem: str = "",
        typed: Mapping[str, str] | None = None,
    ) -> Response:
        return self.page(
            request,
            "article.html",
            status=status,
            article=article,
            next_articles=articles.after(article),
            comments=self.board.comments[article.slug],
            reactions=self.board.counted(article.slug),
            max_name=MAX_NAME,
            max_text=MAX_TEXT,
            problem=problem,
            typed=typed or {},
        )

    async def comment(self, request: Request) -> Response:
        article = articles.BY_PATH[request.url.path.removesuffix("/comments")]
        form = await read_form(request)
        name, text = form.get("name", ""), form.get("text", "")
        if problem := self.board.problem_with(name, text):
            return self.article_page(request, article, status=422, problem=problem, typed=form)
        self.board.comment(article.slug, name, text, now=datetime.now(UTC))
        return RedirectResponse(f"{article.path}#comments", status_code=303)

    async def react(self, request: Request) -> Response:
        article = articles.BY_PATH[request.url.path.removesuffix("/reactions")]
        self.board.react(article.slug, (await read_form(request)).get("reaction", ""))
        return RedirectResponse(f"{article.path}#reactions", status_code=303)

    # Other languages

    async def edition_front(self, request: Request) -> Response:
        return self.edition_page(request, "editions/front.html", EDITIONS[request.url.path.strip("/")])

    async def edition_story(self, request: Request) -> Response:
        return self.edition_page(request, "editions/story.html", EDITIONS[request.url.path.split("/")[1]])

    def edition_page(self, request: Request, template: str, edition: Edition) -> Response:
        return self.page(
            request,
            template,
            edition=edition,
            words=edition.words,
            story=edition.story,
            in_english=articles.besides(edition.story.picture),
        )

    # Forms

    async def newsletter(self, request: Request) -> Response:
        return self.page(request, "newsletter.html")

    async def subscribe(self, request: Request) -> Response:
        email = (await read_form(request)).get("email", "").strip()
        if not looks_like_email(email):
            problem = "Please enter an e-mail address such as name@example.com."
            return self.page(request, "newsletter.html", status=422, problem=problem, email=email)
        return self.page(request, "newsletter.html", done=True, email=email)

    async def sign_in(self, request: Request) -> Response:
        return self.page(request, "sign_in.html")

    async def signed_in(self, request: Request) -> Response:
        form = await read_form(request)
        name = form.get("name", "").strip()[:MAX_NAME]
        known = reader.read(request)
        if not name:
            return self.page(request, "sign_in.html", status=422, problem="Please enter your name.")
        if form.get("terms") != "yes" and not (known and known.terms):
            problem = "To sign in, please accept the terms of use."
            return self.page(request, "sign_in.html", status=422, problem=problem, name=name)
        try:
            if form.get("terms") == "yes":
                await accept(request, "terms")
        except MiddlewareMissing:
            pass  # the unprotected copy: people sign in, and nobody can prove what they accepted
        except LogUnavailable:
            problem = "We can't write down at the moment that you accepted the terms. Please try again soon."
            return self.page(request, "sign_in.html", status=503, problem=problem, name=name)
        session = secrets.token_urlsafe(16)
        self.members[session] = name
        if len(self.members) > MAX_MEMBERS:
            self.members.popitem(last=False)
        response = RedirectResponse("/", status_code=303)
        response.set_cookie(SESSION, session, httponly=True, samesite="lax")
        return response

    async def sign_out(self, request: Request) -> Response:
        self.members.pop(request.cookies.get(SESSION, ""), None)
        response = RedirectResponse("/", status_code=303)
        response.delete_cookie(SESSION)
        return response

    # What was held back

    async def held(self, request: Request) -> Response:
        return self.page(request, "held.html", carried=CARRIED, parties=list(self.third_parties))

    async def held_json(self, request: Request) -> Response:
        counters = {party.host: party.visits.as_json() for party in self.third_parties}
        return JSONResponse(counters, headers={"cache-control": "no-store"})

    async def empty_counters(self, request: Request) -> Response:
        self.third_parties.clear()
        return RedirectResponse("/held", status_code=303)

    # All the rest

    async def plain_page(self, request: Request) -> Response:
        return self.page(request, request.url.path.strip("/") + ".html")

    async def old_page(self, request: Request) -> Response:
        return self.old(request, "archive/2003.html")

    async def old_guestbook(self, request: Request) -> Response:
        return self.old(request, "archive/guestbook.html")

    def old(self, request: Request, template: str) -> Response:
        """A page of 2003: written in windows-1250, and only its meta element says so."""
        text = self.templates.get_template(template).render(self.context(request))
        return Response(text.encode("cp1250", "xmlcharrefreplace"), headers={"content-type": "text/html"})

    async def feed(self, request: Request) -> Response:
        text = self.templates.get_template("feed.xml").render(
            articles=articles.ARTICLES, origin=str(request.base_url).rstrip("/")
        )
        return Response(text, media_type="application/atom+xml")

    async def error(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code != 404:
            return Response(error.detail, error.status_code, headers=error.headers, media_type="text/plain")
        return self.page(request, "not_found.html", status=404)


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a URL-encoded form; of a field that comes twice the last counts."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM:
            raise HTTPException(413, "This form holds more than the newspaper can take.")
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in fields.items()}


def looks_like_email(text: str) -> bool:
    name, at, host = text.partition("@")
    return bool(name and at and "." in host.strip(".") and not any(letter.isspace() for letter in text))


def day(time: datetime) -> str:
    return f"{time.day} {time:%B %Y}"


def clock(time: datetime) -> str:
    return f"{time:%H:%M}"
