"""A folder of saved pages served as it lies on the disk, to try consentkit on pages that one knows.

Pages go out byte for byte and without a charset in the header: a saved page says in a `<meta>` what it is
written in, and a header would overrule it.
"""

from __future__ import annotations

import mimetypes
from pathlib import Path
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

HERE = Path(__file__).parent
TEMPLATES = Jinja2Templates(HERE / "templates")


def saved_pages(folder: Path) -> list[str]:
    """Every `*.html` in `folder` and below, as paths relative to it, with slashes, in alphabetical order."""
    pages = (page.relative_to(folder).as_posix() for page in folder.rglob("*.html") if page.is_file())
    return sorted((page for page in pages if find(folder, page)), key=str.casefold)


def find(folder: Path, path: str) -> Path | None:
    """The file that `path` (already percent-decoded) means inside `folder`, or None.

    Links are followed before the question is asked, so one that leads out of the folder leads nowhere.
    Names that begin with a dot are not pages that somebody saved: `.git`, `.env`.
    """
    parts = path.split("/")
    if "\0" in path or "\\" in path or any(part.startswith(".") for part in parts):
        return None
    root = folder.resolve()
    file = (root / path.lstrip("/")).resolve()
    return file if file.is_relative_to(root) and file.is_file() else None


class SavedPages:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/", self.index),
                # The two documents that the banner links; a saved file of that name wins.
                Route("/privacy", self.file_or_policy),
                Route("/terms", self.file_or_policy),
                Mount("/_demo/static", StaticFiles(directory=HERE / "static")),
                Route("/{path:path}", self.file),
            ]
        )

    async def index(self, request: Request) -> Response:
        pages = [(page, "/" + quote(page)) for page in saved_pages(self.folder)]
        return TEMPLATES.TemplateResponse(request, "folder.html", {"folder": self.folder.name, "pages": pages})

    async def file_or_policy(self, request: Request) -> Response:
        if find(self.folder, request.url.path):
            return await self.file(request)
        context = {"layout": "plain.html"}
        return TEMPLATES.TemplateResponse(request, request.url.path.strip("/") + ".html", context)

    async def file(self, request: Request) -> Response:
        file = find(self.folder, request.scope["path"])
        if file is None:
            raise HTTPException(404)
        kind, _ = mimetypes.guess_type(file.name)
        return FileResponse(file, headers={"content-type": kind or "application/octet-stream"})
