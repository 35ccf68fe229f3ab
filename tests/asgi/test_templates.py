"""Templates of an owner behind the real middleware: read at start, refused at start, and shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from consentkit import ConfigurationError
from consentkit.asgi.workshop import Workshop
from tests.controls.visitors import site

LIKE_OURS = """<section data-ckit-ui="banner" class="mine" aria-labelledby="mine"><h2 id="mine">{{ title }}</h2>
{% for line in lines %}<p>{{ line }}</p>{% endfor %}
{% for button in answers %}<button form="ckit-form" name="action" value="{{ button.value }}" data-ckit-action="{{ button.action }}">
{{ button.label }}</button>{% endfor %}
<a href="{{ gap.base }}/preferences?next={{ gap.query }}" data-ckit-action="choose">{{ choose }}</a>
{% if accept_terms %}<button form="ckit-form" name="action" value="accept_policies" data-ckit-action="policies">{{ accept_terms }}</button>{% endif %}
</section>"""


def workshop(folder: Path, **options: Any) -> Workshop:
    return Workshop(site(folder=folder, log=f"sqlite:///{folder / 'consent.db'}", **options))


def test_own_template_takes_the_place_of_ours(tmp_path: Path) -> None:
    """
    The page and the notice that is kept as evidence both show it.
    """
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "banner.html").write_text(LIKE_OURS, encoding="utf-8")
    made = workshop(tmp_path, templates="own")
    made.warm()
    notice = next(iter(made.controls._serving._notices.values()))

    assert made.dark_patterns().errors == ()
    assert 'class="mine"' in notice.html


def test_folder_that_is_not_there(tmp_path: Path) -> None:
    """
    The sentence says where it was looked for.
    """
    with pytest.raises(ConfigurationError, match=r"templates: 'own' is no folder; it was looked for as .*own\."):
        workshop(tmp_path, templates="own")


@pytest.mark.parametrize(
    ("content", "said"), [(b"\xff", "can't be read: 'utf-8' codec"), (b"x" * 70_000, "has more than 64 KiB")]
)
def test_file_that_is_no_template(tmp_path: Path, content: bytes, said: str) -> None:
    """
    Not UTF-8, or far too long.
    """
    (tmp_path / "banner.html").write_bytes(content)
    with pytest.raises(ConfigurationError) as raised:
        workshop(tmp_path, templates=".")

    assert said in raised.value.problems[0]


def test_site_does_not_start_with_a_dark_pattern(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """
    An error stops it, with its source; a warning is a line in the log.
    """
    (tmp_path / "banner.html").write_text(LIKE_OURS.replace("in answers", "in answers[1:]"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r'banner.html: has no <button .*value="reject_all".*type A'):
        workshop(tmp_path, templates=".").warm()
    workshop(tmp_path, policies=[]).warm()

    assert 'A regulator would find: policies: there is none of kind "notice"' in caplog.text
