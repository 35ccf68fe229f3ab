"""A time-stamping authority (RFC 3161) for tests, with a root that vouches for it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from asn1crypto import cms, core, tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


class Authority:
    def __init__(self, now: datetime) -> None:
        self.now = now
        root_key, self._key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        root, name = _name("Test root"), _name("Test authority")
        self.root = _signed(
            _builder(root, root, root_key, now).add_extension(x509.BasicConstraints(ca=True, path_length=None), True),
            root_key,
        )
        self._certificate = _signed(
            _builder(name, root, self._key, now)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), True),
            root_key,
        )

    @property
    def roots(self) -> bytes:
        return self.root.public_bytes(serialization.Encoding.PEM)

    def answer(self, question: bytes) -> bytes:
        """The time stamp for a request."""
        asked = tsp.TimeStampReq.load(question)
        told = tsp.TSTInfo({
            "version": "v1", "policy": "1.2.3.4", "message_imprint": asked["message_imprint"], "serial_number": 1,
            "gen_time": self.now.replace(microsecond=0), "nonce": asked["nonce"].native,
        }).dump()  # fmt: skip
        der = self._certificate.public_bytes(serialization.Encoding.DER)
        named = tsp.SigningCertificateV2({"certs": [{"cert_hash": hashlib.sha256(der).digest()}]})
        attributes = cms.CMSAttributes([
            cms.CMSAttribute({"type": "content_type", "values": ["tst_info"]}),
            cms.CMSAttribute({"type": "message_digest", "values": [hashlib.sha256(told).digest()]}),
            cms.CMSAttribute({"type": "signing_certificate_v2", "values": [named]}),
        ])  # fmt: skip
        mine = cms.Certificate.load(der)
        signer = cms.SignerInfo({
            "version": "v1",
            "sid": cms.IssuerAndSerialNumber({"issuer": mine.issuer, "serial_number": mine.serial_number}),
            "digest_algorithm": {"algorithm": "sha256"}, "signed_attrs": attributes,
            "signature_algorithm": {"algorithm": "sha256_ecdsa"},
            "signature": self._key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256())),
        })  # fmt: skip
        signed = cms.SignedData({
            "version": "v3", "digest_algorithms": [{"algorithm": "sha256"}],
            "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(told)},
            "certificates": [mine], "signer_infos": [signer],
        })  # fmt: skip
        token = {"content_type": "signed_data", "content": signed}
        return bytes(tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token}).dump())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before((now - timedelta(days=1)).astimezone(UTC))
        .not_valid_after((now + timedelta(days=1)).astimezone(UTC))
    )


def _signed(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    return builder.sign(key, hashes.SHA256())
