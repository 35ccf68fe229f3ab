"""What `consentkit check` says about the texts of the policies: has a version come to say something new?"""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from consentkit.asgi import ConsentMiddleware, documents
from consentkit.errors import ConsentKitError
from consentkit.log.writer import Log
from consentkit.settings import Site


def problems(site: Site, target: str, app: Any) -> list[str]:
    """A sentence for each policy whose text is not the one that the log knows under its version.

    The texts are read from files and from `app`, or else from the running site at `target`.
    """
    try:
        texts = documents.from_files(site)
        if app is not None:
            inner = app.app if isinstance(app, ConsentMiddleware) else app
            texts |= asyncio.run(documents.from_pages(inner, site))
        elif target:
            texts |= _from_address(site, target)
        return asyncio.run(_compared(site, texts))
    except ConsentKitError as error:
        return getattr(error, "problems", [str(error)])


def _from_address(site: Site, target: str) -> dict[str, str]:
    texts = {}
    parts = urlsplit(target)
    for policy in site.policies:
        path = documents.own_path(site, policy)
        if path is None:
            continue
        text = documents.text_of(_page(f"{parts.scheme}://{parts.netloc}{path}"))
        if text:
            texts[policy.name] = text
    return texts


def _page(address: str) -> str:
    """A page of the running site; "" for what can't be had, of which `check` has told where it matters."""
    request = urllib.request.Request(address, headers={"accept": "text/html", "user-agent": "consentkit-check"})  # noqa: S310 - a target begins with http
    try:
        with urllib.request.urlopen(request, timeout=documents.PATIENCE_SECONDS) as response:  # noqa: S310 - the same
            charset = response.headers.get_content_charset("utf-8")
            is_html = response.headers.get_content_type() in ("text/html", "application/xhtml+xml")
            return str(response.read(documents.MAX_TEXT).decode(charset, "replace")) if is_html else ""
    except (OSError, ValueError, LookupError):
        return ""


async def _compared(site: Site, texts: dict[str, str]) -> list[str]:
    digests = documents.digests(site, texts)
    if not digests:
        return []
    log = Log(site.log, site.folder, key=site.log_key, upgrade=site.migrate == "auto")
    try:
        changed = await log.other_texts(digests)
    finally:
        await log.close()
    return [documents.CHANGED % (name, version, day) for (name, version), day in changed.items()]
