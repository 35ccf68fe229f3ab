"""Time stamps by RFC 3161: an authority's signed word that it saw these bytes, and when.

The only file that imports rfc3161_client, which comes with `consentkit[timestamp]`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from consentkit.log.anchor import NotAnchored

#: How a question to an authority is called over HTTP (RFC 3161, 3.4).
QUERY = "application/timestamp-query"

MISSING = "time stamps need a library; pip install 'consentkit[timestamp]'"


class BadStamp(ValueError):
    """A time stamp that is not of these bytes, or that nobody trusted signed. The message says why."""


@dataclass(frozen=True)
class Stamped:
    """`by`: the authority as its certificate names it, "" when the stamp carries none."""

    time: datetime
    by: str


def is_installed() -> bool:
    try:
        import rfc3161_client  # noqa: F401  # only whether it is there
    except ImportError:
        return False
    return True


def ask(text: bytes, post: Callable[[bytes], bytes]) -> bytes:
    """The answer of an authority for these bytes, after seeing that it is one. Raises NotAnchored."""
    if not is_installed():
        raise NotAnchored(MISSING)
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    question = TimestampRequestBuilder().data(text).hash_algorithm(HashAlgorithm.SHA256).build()
    token = post(question.as_bytes())
    try:
        read(token, text)
        nonce = _decoded(token).tst_info.nonce
    except BadStamp as problem:
        raise NotAnchored(str(problem)) from None
    if nonce != question.nonce:
        raise NotAnchored("its time stamp answers another question")
    return token


def read(token: bytes, text: bytes, roots: Sequence[x509.Certificate] = ()) -> Stamped:
    """What a time stamp says of these bytes. With `roots` also that one of them vouches for its authority.

    Raises BadStamp.
    """
    from rfc3161_client import VerificationError, VerifierBuilder

    response = _decoded(token)
    try:
        imprint = response.tst_info.message_imprint.message
        if response.status not in (0, 1):
            raise BadStamp(f"the authority refused, with status {response.status}")
        if imprint != hashlib.sha256(text).digest():
            raise BadStamp("the time stamp is of other bytes")
        if roots:
            VerifierBuilder(roots=list(roots)).build().verify_message(response, text)
        return Stamped(response.tst_info.gen_time, _authority(response.signed_data.certificates))
    except VerificationError:  # what it says are pages of OpenSSL
        raise BadStamp("the time stamp was changed, or none of the roots vouches for who made it") from None
    except (ValueError, TypeError) as problem:
        raise (
            problem if isinstance(problem, BadStamp) else BadStamp(f"the time stamp can't be read: {problem}")
        ) from None


def load_roots(pem: bytes) -> list[x509.Certificate]:
    """The certificates in a PEM file. Raises ValueError."""
    return x509.load_pem_x509_certificates(pem)


def _decoded(token: bytes) -> Any:  # a class of the extra
    from rfc3161_client import decode_timestamp_response

    try:
        return decode_timestamp_response(token)
    except ValueError as problem:
        raise BadStamp(f"this is no time stamp: {problem}") from None


def _authority(certificates: Iterable[bytes]) -> str:
    for raw in certificates:
        found = x509.load_der_x509_certificate(raw)
        try:
            uses = found.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        except x509.ExtensionNotFound:
            continue
        if ExtendedKeyUsageOID.TIME_STAMPING in uses:
            return found.subject.rfc4514_string()
    return ""
