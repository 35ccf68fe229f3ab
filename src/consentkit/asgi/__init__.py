"""The only place that knows scope, receive and send: everything else is values in, values out."""

from consentkit.asgi.middleware import ConsentMiddleware

__all__ = ["ConsentMiddleware"]
