"""The second lock: a policy of ours beside the app's, so that scripts of the page cannot pull in what the markup may not.

Policies only intersect (CSP3, 3.3), so one more can forbid and never permit. It names *hosts* for script elements alone
(`script-src-elem`): `script-src` would also stop workers, `eval` and handlers in attributes, and a nonce or a hash beside
'unsafe-inline' would stop every inline script of the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

# A server in front of the app drops a response whose headers are too large: nginx gives all of them 4 or 8 KiB.
MOST = 2048  # bytes

#: Hosts that need no consent and that pages ask for by script, so that no markup names them. A test has the registry
#: say that each of them passes.
COMMON = (
    "ajax.googleapis.com",
    "cdn.jsdelivr.net",
    "cdnjs.cloudflare.com",
    "challenges.cloudflare.com",
    "code.jquery.com",
    "js.hcaptcha.com",
    "js.stripe.com",
    "unpkg.com",
    "www.google.com/recaptcha/",
    "www.gstatic.com/recaptcha/",
)


def lock(
    *, site: str, hosts: Iterable[str], patterns: Iterable[str], https: bool, frames: bool, report: str = ""
) -> str:
    """The policy, or "" when it would be too long.

    `site`: the registrable domain whose hosts are all the site's own, "" when only its own origin is. `hosts`: just
    these, each perhaps with a path. `patterns`: these and their subdomains. `report`: where violations are told.
    """
    scheme = "https" if https else "http"  # matches https, too
    expressions = [
        "'self'",
        *_with_subdomains(scheme, site),
        *(_source(scheme, host) for host in hosts),
        *(source for pattern in patterns for source in _with_subdomains(scheme, pattern)),
    ]
    sources = " ".join(dict.fromkeys(expression for expression in expressions if expression))
    policy = f"script-src-elem {sources} 'unsafe-inline' blob: data:"
    if frames:
        policy += f"; frame-src {sources} blob: data:"
    if report:
        policy += f"; report-uri {report}"
    return policy if len(policy) <= MOST else ""


def _with_subdomains(scheme: str, pattern: str) -> Iterator[str]:
    if pattern:
        yield _source(scheme, pattern)
        if not _is_address(pattern.partition("/")[0]):
            yield _source(scheme, f"*.{pattern}")


def _source(scheme: str, pattern: str) -> str:
    """A host-source (CSP3, 2.3.1), "" for what its grammar can't say. Any port: a URL's port is not looked at here."""
    host, slash, path = pattern.partition("/")
    if ":" in host or not host.isascii():
        return ""
    return f"{scheme}://{host}:*{slash}{path}"


def _is_address(host: str) -> bool:
    return host.rpartition(".")[2].isdigit()
