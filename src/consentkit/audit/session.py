"""What a browser holds after signing in, and what makes a form one of ours.

Both are signed by the site's secret, each for its own use, and both are short-lived. Nothing is kept on the server, so
any worker can answer; what ends a session early is that its token is taken out, or that somebody signs out here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from consentkit.audit.auditor import Auditor
from consentkit.cookies import Seal

#: A session that nobody uses ends after this, and every session after that.
IDLE_SECONDS = 30 * 60
LONGEST_SECONDS = 8 * 60 * 60

#: For how long a page may lie open before its forms are too old.
FORM_SECONDS = IDLE_SECONDS

#: A session is written anew when it was used for this long, not on every request.
RENEW_SECONDS = 60

# Workers on several hosts may disagree on the time a little.
CLOCK_SKEW_SECONDS = 60

_SESSION = re.compile(r"([a-z0-9_-]{1,32})~([0-9a-f]{16})~([0-9a-f]{32})~([0-9]{1,12})~([0-9]{1,12})\Z", re.ASCII)
_FORM = re.compile(r"([0-9]{1,12})~([0-9a-f]*)~([0-9a-f]+)\Z", re.ASCII)

#: What we sign is shorter, also with a name of 100 characters of four bytes in hex.
MAX_VALUE = 1024  # characters


@dataclass(frozen=True)
class Session:
    """`token`: which token it began with, see `Holder.id`. `id`: random. `made`, `used`: seconds since 1970."""

    name: str
    token: str
    id: str
    made: int
    used: int

    def is_over(self, now: int) -> bool:
        early = min(self.made, self.used) > now + CLOCK_SKEW_SECONDS
        return early or now - self.used >= IDLE_SECONDS or now - self.made >= LONGEST_SECONDS

    def renewed(self, now: int) -> Session | None:
        """The session to be written anew, when it is time to."""
        return replace(self, used=now) if now - self.used >= RENEW_SECONDS else None


class Sessions:
    """Writes and reads sessions and form tokens. `keys`: the site's, oldest to newest."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._session = Seal(keys, "audit-session")
        self._form = Seal(keys, "audit-form")
        self._ended: dict[str, int] = {}

    def write(self, session: Session) -> str:
        words = (session.name, session.token, session.id, str(session.made), str(session.used))
        return self._session.sign("~".join(words))

    def read(self, value: str, now: int) -> Session | None:
        """The session of a cookie, unless it is forged, over or ended."""
        text = self._session.read(value) if len(value) <= MAX_VALUE else None
        found = _SESSION.match(text) if text else None
        if found is None:
            return None
        session = Session(found[1], found[2], found[3], int(found[4]), int(found[5]))
        return None if session.is_over(now) or session.id in self._ended else session

    def end(self, session: Session, now: int) -> None:
        """Let no copy of this session in again, in this process, for as long as one could be good."""
        self._ended = {id: until for id, until in self._ended.items() if until > now}
        self._ended[session.id] = session.made + LONGEST_SECONDS

    def form(self, auditor: Auditor, now: int) -> str:
        """What a form of this auditor carries."""
        return self._form.sign(f"{now}~{auditor.session}~{auditor.name.encode().hex()}")

    def is_form_of(self, value: str, auditor: Auditor, now: int) -> bool:
        text = self._form.read(value) if len(value) <= MAX_VALUE else None
        found = _FORM.match(text) if text else None
        if found is None or not 0 <= now - int(found[1]) + CLOCK_SKEW_SECONDS <= FORM_SECONDS + CLOCK_SKEW_SECONDS:
            return False
        return (found[2], found[3]) == (auditor.session, auditor.name.encode().hex())
