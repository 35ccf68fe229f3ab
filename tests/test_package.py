"""What is installed is what was tested: the wheel carries its data, and importing it stays cheap."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_wheel_carries_everything(tmp_path: Path) -> None:
    """
    Catalogues, registry, templates, assets and the type marker are inside the wheel; the demo and the tests are not.
    """
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()

    tags = {path.parent.name for path in ROOT.glob("locales/*/consentkit.po")}
    assert {f"consentkit/locales/{tag}/consentkit.po" for tag in tags} <= set(names)
    sources = {
        str(path.relative_to(ROOT / "src"))
        for path in (ROOT / "src/consentkit").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert sources <= set(names)
    assert not [name for name in names if name.startswith(("tests/", "demo_app/"))]


def test_an_installed_wheel_speaks_every_language(tmp_path: Path) -> None:
    """
    Unpacked somewhere else, the package finds its catalogues.
    """
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    zipfile.ZipFile(next(tmp_path.glob("*.whl"))).extractall(tmp_path / "site")
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r});"
        "from consentkit.languages import Catalogues, __file__ as here;"
        "assert 'site' in here, here; print(*sorted(Catalogues().tags))"
    )

    ran = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, capture_output=True, text=True)

    assert {"en", "de", "fr", "bs", "hr", "sr", "sr-Latn", "ar"} <= set(ran.stdout.split())


def test_importing_reads_no_heavy_library() -> None:
    """
    `import consentkit` loads neither the database, nor the language data, nor the page reader, nor the templates.
    """
    program = "import sys, consentkit; print(*sorted(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)

    assert {"sqlalchemy", "babel", "bs4", "cryptography", "jinja2", "starlette", "http.client"}.isdisjoint(
        ran.stdout.split()
    )
