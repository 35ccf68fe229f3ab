"""The templates that an owner replaces: read from their folder at start."""

from __future__ import annotations

from consentkit.errors import ConfigurationError
from consentkit.settings import Site

#: None of ours has more than 5 KiB; what is longer is no template, and each page would carry it.
MAX_TEMPLATE = 64 * 1024  # bytes


def from_folder(site: Site) -> dict[str, str]:
    """Name to source. Raises ConfigurationError with the folder, or every file in it, that can't be used."""
    if not site.templates:
        return {}
    folder = site.folder / site.templates
    if not folder.is_dir():
        raise ConfigurationError([f"templates: {site.templates!r} is no folder; it was looked for as {folder}."])
    sources, problems = {}, []
    for path in sorted(folder.glob("*.html")):
        try:
            if path.stat().st_size > MAX_TEMPLATE:
                raise ValueError(f"it has more than {MAX_TEMPLATE // 1024} KiB")
            sources[path.name] = path.read_text(encoding="utf-8")
        except (OSError, ValueError) as problem:
            reason = getattr(problem, "strerror", None) or str(problem)
            problems.append(f"templates: {site.templates}/{path.name} can't be read: {reason}.")
    if problems:
        raise ConfigurationError(problems)
    return sources
