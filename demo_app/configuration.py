"""What the newspaper tells consentkit. This is all that an owner has to write."""

from __future__ import annotations

import tempfile
from pathlib import Path

from consentkit import Policy, Purpose, Site, Vendor

# Public on purpose, so that a choice survives a restart of the demo. A real site keeps its secret to itself:
# `consentkit init` makes one and puts it into .env.
DEMO_SECRET = "everyone-may-read-this-secret-of-the-demo-newspaper"

#: Where the consent log is kept when nobody says otherwise; it stays there between two starts.
DATA = Path(tempfile.gettempdir()) / "consentkit-demo"


def log_in(data: Path) -> str:
    return f"sqlite:///{data / 'consent.db'}"


def courier(log: str) -> Site:
    """The newspaper's settings, with its consent log at the database URL `log`."""
    return Site(
        name="Drina Courier",
        controller="Drina Courier Publishing, 4 Water Street, Vrbograd",
        contact="privacy@courier.example",
        secret=DEMO_SECRET,
        log=log,
        # The key of the log lies beside it, not where the demo happens to be started.
        folder=Path(log.removeprefix("sqlite:///")).parent,
        policies=[
            Policy("privacy", url="/privacy", version="2026-11-01"),
            Policy("terms", url="/terms", version="2026-11-01", kind="terms"),
        ],
        purposes=[
            Purpose(
                "analytics",
                vendors=[
                    Vendor(
                        "demo-analytics",
                        title="Demo Analytics",
                        hosts=["analytics.localhost"],
                        cookies={
                            "analytics_id": "1 year",
                            "analytics_partitioned": "1 year",
                            "da_reader": "13 months",
                        },
                    )
                ],
            ),
            Purpose(
                "media",
                vendors=[
                    Vendor(
                        "demo-video",
                        title="Demo Video",
                        hosts=["video.localhost"],
                        cookies={"video_id": "1 year", "video_partitioned": "1 year"},
                    )
                ],
            ),
        ],
        # The ad network, Google and YouTube are in the pages but not in this list: nobody can agree to them.
        # "strict" holds back every company that is not in the list, known or unknown.
        holding="strict",
        # The column of advertisements on the page of 2003 has no place on a phone.
        mobile_remove=["div.ads"],
        necessary={"courier_session": "keeps you signed in until you close the browser"},
    )
