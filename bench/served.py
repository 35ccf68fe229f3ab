"""The apps that `bench.serve` has served, chosen by the environment: `uvicorn --factory bench.served:make`."""

from __future__ import annotations

import os
from pathlib import Path

from bench.sites import HTML, App, answering, page, site
from consentkit import ConsentMiddleware

FOLDER, KIND, WRAPPED = "CONSENTKIT_BENCH_FOLDER", "CONSENTKIT_BENCH_APP", "CONSENTKIT_BENCH_WRAPPED"


def make() -> App:
    folder = Path(os.environ[FOLDER])
    wrapped = os.environ[WRAPPED] == "1"
    if os.environ[KIND] == "demo":
        from demo_app import make_app

        return make_app(wrapped=wrapped, log=f"sqlite:///{folder / 'demo.db'}")
    app = answering(page(10_000), HTML)
    return ConsentMiddleware(app, site(folder)) if wrapped else app
