"""`consentkit run MODULE:APP`: serve an app wrapped by the configuration, to see it before a line of it changes."""

from __future__ import annotations

import argparse
import ipaddress
import sys
from typing import Any

from consentkit.asgi import ConsentMiddleware
from consentkit.cli.site import add_site_options, load_object, load_site


def add_parser(subparsers: Any) -> None:
    """Add the command to `consentkit`'s parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "run",
        help="serve an app with the middleware around it",
        description="Serve an ASGI app with the middleware around it, on this machine. For production, wrap the app in"
        " your own code and use your own server.",
    )
    parser.add_argument("app", metavar="MODULE:APP", help="an ASGI app, such as main:app")
    add_site_options(parser)
    parser.add_argument("--host", default="127.0.0.1", help="default: 127.0.0.1")
    parser.add_argument("--port", type=int, default=8000, help="default: 8000")
    parser.set_defaults(run=main)


def main(args: argparse.Namespace) -> int:
    """Serve until stopped; 2 when there is no server to serve with."""
    site = load_site(args)
    app = load_object(args.app)
    if not callable(app):
        print(f"consentkit run: {args.app} is a {type(app).__name__}, not an ASGI app.", file=sys.stderr)
        return 2
    try:
        import uvicorn  # of the extra `demo`; who deploys has a server of their own
    except ModuleNotFoundError:
        print("consentkit run: needs a server; install one with: pip install uvicorn", file=sys.stderr)
        return 2

    class Announcing(uvicorn.Server):
        """Says the address when it can be opened, not before."""

        async def startup(self, sockets: list[Any] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                print(f"http://{_shown(args.host)}:{args.port}/  (stop with Ctrl+C)", flush=True)

    config = uvicorn.Config(ConsentMiddleware(app, site), host=args.host, port=args.port, log_level="warning")
    server = Announcing(config)
    server.run()
    return 0 if server.started else 2


def _shown(host: str) -> str:
    """As it stands in an address: an IPv6 address in brackets."""
    try:
        return f"[{host}]" if ipaddress.ip_address(host).version == 6 else host
    except ValueError:
        return host
