"""What a person gets who asks for the data about them: each record in three forms, and how to check it.

A record, its notice and its proof in, files by name out. The JSON-LD follows ISO/IEC TS 27560:2023 in the
words of the Data Privacy Vocabulary (W3C DPVCG, guide "consent-27560"); the last file is the Kantara consent receipt
1.1 that came before it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from consentkit.log import receipt as receipts
from consentkit.log.canonical import Json
from consentkit.log.filters import Filter
from consentkit.log.notice import Notice
from consentkit.log.receipt import Proof
from consentkit.log.record import UNKNOWN_NOTICE, Record, State, exported, rfc3339

if TYPE_CHECKING:
    from consentkit.log.keyring import Keyring
    from consentkit.log.store import Reader

#: States of a record in the words of the Data Privacy Vocabulary. Accepted terms are a contract, so they have none.
STATUS: Mapping[str, str] = {
    State.GIVEN: "dpv:ConsentGiven",
    State.PARTLY: "dpv:ConsentGiven",
    State.REFUSED: "dpv:ConsentRefused",
    State.WITHDRAWN: "dpv:ConsentWithdrawn",
}

README = """\
What this is

Each folder is one record of a choice that was made on {site}, named by its id.

record.json            what was recorded, under the names of the documentation
receipt.json           the same with its proof: the record in the very bytes that were hashed, and a checkpoint of
                       the log that its key signed ({signed})
record.tlog-proof      that proof alone, as C2SP tlog-proof, where the record is signed
consent-27560.jsonld   the record by ISO/IEC TS 27560 in the Data Privacy Vocabulary
kantara.json           the record as a Kantara consent receipt 1.1
notice.html            what was shown; open it in a browser, it loads nothing

How to check it

With the software:      consentkit log verify receipt.json --key KEY
Without the software:   the page "verify.md" of its documentation has a script of sixty lines.

KEY is the log's public key. Take it from the site's own publication or from whoever runs it, not from this archive.
"""


def bundle(record: Record, notice: Notice | None, proof: Proof, keys: list[str]) -> dict[str, bytes]:
    """The files of one record, by name."""
    receipt = receipts.receipt(proof, keys)
    files = {
        "record.json": _json(exported(record)),
        "receipt.json": _json(receipt),
        "consent-27560.jsonld": _json(jsonld(record, notice)),
        "kantara.json": _json(kantara(record, notice)),
    }
    if proof.note is not None:
        files["record.tlog-proof"] = proof.text.encode()
    if notice is not None:
        files["notice.html"] = page(notice).encode()
    return files


def readme(site: str, proof: Proof) -> bytes:
    signed = {"checkpoint": "signed", "promise": "promised: ask again for the proof", "unsigned": "unsigned"}
    return README.format(site=site or "a site", signed=signed[proof.signed]).encode()


def page(notice: Notice) -> str:
    """The notice as it was shown, in a page that may load nothing and run nothing.

    What differed from visitor to visitor (a token, the way back) was left as named gaps, and is nothing here. A whole
    page stands as it was; a part of one gets the element that its style hangs on.
    """
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    head = (
        f'<!doctype html><html lang="{_attribute(notice.language)}" dir="{_direction(notice)}"><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"><title>{_attribute(notice.digest)}</title>'
        f"<style>{style(notice)}</style>"
    )
    html = _GAP.sub("", notice.html)
    whole = _BODY.search(html)
    if whole is not None:
        return f"{head}{html[whole.start() :]}\n"
    return f'{head}<body><ckit-ui id="ckit-root" data-ckit-ui="root">{html}</ckit-ui></body></html>\n'


def style(notice: Notice) -> str:
    """The style of a notice as it stands in that page, which a policy can name by its hash."""
    return notice.css.replace("</", "<\\/")


def _direction(notice: Notice) -> str:
    return "rtl" if notice.language.partition("-")[0] in _FROM_THE_RIGHT else "ltr"


# Languages of catalogues, ours and those that owners are likely to add.
_FROM_THE_RIGHT = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})

_GAP = re.compile(r"\{\{[a-z_]+\}\}")
_BODY = re.compile(r"<body[\s>]", re.IGNORECASE)


def theirs(reader: Reader, record: Record) -> Iterator[Record]:
    """Every record of the person whose record this is. A refusal without a subject belongs to nobody else."""
    return iter([record]) if record.subject is None else reader.oldest_first(Filter(subject=record.subject))


def archive(reader: Reader, record: Record, keyring: Keyring | None) -> Iterator[tuple[str, bytes]]:
    """Everything of the person whose record it is: the files of an archive by their path, one after another."""
    public = [str(key.verifier) for key in keyring.keys] if keyring else []
    for each in theirs(reader, record):
        proof = reader.proof(each.id, keyring)
        if proof is None:
            continue  # erased meanwhile
        notice = None if each.notice == UNKNOWN_NOTICE else reader.notice(each.notice)
        for name, body in bundle(each, notice, proof, public).items():
            yield f"{each.id}/{name}", body
        if each.id == record.id:
            yield "README.txt", readme(each.site, proof)


def jsonld(record: Record, notice: Notice | None) -> dict[str, Json]:
    """The record by ISO/IEC TS 27560. What a site did not configure is left out, never made up."""
    titles = {each.name: each.title for each in notice.purposes} if notice else {}
    vendors = {each.name: each for each in notice.vendors} if notice else {}
    status = STATUS.get(record.state)
    processing: list[Json] = [
        {
            "@type": "dpv:Process",
            "dpv:hasPurpose": {"@type": "dpv:Purpose", "dct:identifier": name, "dct:title": titles.get(name, name)},
            "dpv:hasLegalBasis": "dpv:Consent",
            "dpv:hasConsentStatus": "dpv:ConsentGiven" if given else status if status != "dpv:ConsentGiven" else
            "dpv:ConsentRefused",
            "dpv:hasRecipient": [
                {"@type": "dpv:Recipient", "dct:identifier": vendor, "dpv:hasName": vendors[vendor].title}
                for vendor in record.vendors
                if vendor in vendors and vendors[vendor].purpose == name and record.vendors[vendor]
            ],
        }
        for name, given in record.purposes.items()
    ]  # fmt: skip
    event: dict[str, Json] = {
        "dct:date": rfc3339(record.time),
        "dpv:isImplementedByEntity": "dpv:DataSubject",
        "dpv:hasConsentStatus": status,
        "consentkit:action": str(record.action),
    }
    if record.expires:
        event["dct:valid"] = record.expires.isoformat()
    document: dict[str, Json] = {
        "@context": {
            "dct": "http://purl.org/dc/terms/", "dpv": "https://w3id.org/dpv#",
            "consentkit": "urn:consentkit:", "@language": record.language or "en",
        },
        "@type": "dpv:ConsentRecord",
        "dct:conformsTo": "https://w3id.org/dpv/schema/dpv-27560#record-eu-gdpr",
        "dct:identifier": record.id,
        "dpv:hasDataSubject": record.subject,
        "dpv:hasNotice": {"@type": "dpv:ConsentNotice", "dct:identifier": f"sha256:{record.notice}"},
        "dct:language": record.language,
        "dpv:hasJurisdiction": record.regime,
        "dpv:hasProcess": processing,
        "dpv:hasDataSource": f"consentkit:{record.layer}",
        "dpv:hasService": record.site,
        "consentkit:policies": {
            name: {"version": each.version, "accepted": each.accepted, "sha256": each.sha256}
            for name, each in record.policies.items()
        },
        "dpv:hasConsentEvent": [event],
    }  # fmt: skip
    if notice is not None and notice.controller:
        document["dpv:hasDataController"] = {"dpv:hasName": notice.controller, "dpv:hasContact": notice.contact}
    return {name: value for name, value in document.items() if value not in (None, "")}


def kantara(record: Record, notice: Notice | None) -> dict[str, Json]:
    """The record as a Kantara consent receipt 1.1."""
    titles = {each.name: each.title for each in notice.purposes} if notice else {}
    controller = {"piiController": notice.controller if notice else "", "contact": notice.contact if notice else ""}
    return {
        "version": "KI-CR-v1.1.0",
        "jurisdiction": record.regime,
        "consentTimestamp": int(record.time.timestamp()),
        "collectionMethod": f"{record.method}, {record.layer}",
        "consentReceiptID": record.id,
        "language": record.language,
        "piiPrincipalId": record.subject or "",
        "piiControllers": [controller],
        "policyUrl": next((each.url for each in notice.policies), "") if notice else "",
        "services": [
            {
                "service": record.site,
                "purposes": [
                    {
                        "purpose": titles.get(name, name),
                        "consentType": "EXPLICIT" if given else "REFUSED",
                        "thirdPartyDisclosure": any(record.vendors.values()) if given else False,
                    }
                    for name, given in record.purposes.items()
                ],
            }
        ],
        "sensitive": False,
        "spiCat": [],
    }


def _attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"
