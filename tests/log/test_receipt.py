"""Receipts, exports and manifests: checked by us, and by the script of docs/verify.md without us."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consentkit.log import receipt as receipts
from consentkit.log import verify
from consentkit.log.checkpoint import make_key
from consentkit.log.filters import Filter
from consentkit.log.keyring import Keyring
from consentkit.log.receipt import Proof, UnreadableReceipt
from consentkit.log.store import Officer, Reader
from consentkit.log.verify import Manifest, Unproven
from tests.log.test_integrator import fill, grow

PAGE = Path(__file__).resolve().parents[2] / "docs" / "verify.md"


@pytest.fixture
def script(tmp_path: Path) -> Callable[[Path, str], subprocess.CompletedProcess[str]]:
    """The script of the documentation, run in a process that can't import consentkit."""
    body = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)[0]
    file = tmp_path / "verify.py"
    file.write_text(f"import sys; sys.modules['consentkit'] = None\n{body}", encoding="utf-8")

    def run(receipt: Path, key: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(file), str(receipt), key], capture_output=True, text=True, check=False
        )

    return run


@pytest.fixture
def proofs(path: Path, keyring: Keyring) -> list[Proof]:
    fill(path, 300)
    grow(path, keyring)
    return list(Reader(path).proofs(Filter()))


def written(of: Proof, **changes: Any) -> str:
    return json.dumps({**receipts.receipt(of), **changes})


def key_of(keyring: Keyring) -> str:
    return str(keyring.keys[0].verifier)


def test_the_script_is_short_and_needs_only_cryptography() -> None:
    """
    Sixty lines or so that a reader can check, with the standard library and cryptography.
    """
    body = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)[0]

    assert len([line for line in body.splitlines() if line.strip()]) <= 60
    assert re.findall(r"^(?:import|from) (.*)$", body, re.MULTILINE) == [
        "base64, hashlib, json, sys",
        "cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey",
    ]


def test_the_script_agrees_with_us(
    proofs: list[Proof],
    keyring: Keyring,
    tmp_path: Path,
    script: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    """
    A whole export of receipts is proven by the script; a changed row is named by its line, by both of us.
    """
    lines = [written(each) for each in proofs]
    file = tmp_path / "export.jsonl"
    file.write_text("".join(f"{line}\n" for line in lines))
    good = script(file, key_of(keyring))
    lines[17] = lines[17].replace("accept_all", "accept_alL")
    file.write_text("".join(f"{line}\n" for line in lines))
    bad = script(file, key_of(keyring))

    assert (good.returncode, len(good.stdout.splitlines())) == (0, 300), good.stderr
    assert good.stdout.splitlines()[17] == "18: entry 17 of 300 in courier.example/log"
    assert bad.returncode == 1
    assert [line for line in bad.stdout.splitlines() if "NOT PROVEN" in line] == [
        "18: NOT PROVEN: the proof does not lead to the root that was signed"
    ]
    assert list(verify.check_receipts(lines, [keyring.keys[0].verifier])) == [
        (18, "its proof does not lead from this record to the root of 300 entries")
    ]


def test_the_script_reads_the_file_of_the_visitor(
    proofs: list[Proof],
    keyring: Keyring,
    tmp_path: Path,
    script: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    """
    The file as the site offers it, over many lines, is one receipt; another key proves nothing.
    """
    file = tmp_path / "receipt.json"
    file.write_text(json.dumps(receipts.receipt(proofs[5]), indent=1))
    other = make_key("courier.example/log", bytes(32)).verifier

    assert script(file, key_of(keyring)).stdout == "1: entry 5 of 300 in courier.example/log\n"
    assert script(file, str(other)).stdout == "1: NOT PROVEN: this key did not sign it\n"
    assert script(file, "other.example/log+00000000+AQ==").returncode == 1


def test_a_log_that_began_anew_is_still_known(
    path: Path,
    keyring: Keyring,
    tmp_path: Path,
    script: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    """
    Receipts of a log that went back in time and was taken up again verify under the same key.
    """
    made = fill(path, 3)
    keyring.remember(keyring.sign(f"courier.example/log\n99\n{'A' * 43}=\n", 1))
    Officer(path, "me").resume("restored", keyring)
    proof = Reader(path).proof(made[0].id)
    assert proof is not None
    file = tmp_path / "receipt.json"
    file.write_text(written(proof))

    assert script(file, key_of(keyring)).stdout == "1: entry 0 of 4 in courier.example/log-2\n"
    _, checkpoint = verify.check_receipt(file.read_text(), [keyring.keys[0].verifier])
    assert checkpoint is not None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.data())
def test_a_changed_receipt_is_not_proven(proofs: list[Proof], keyring: Keyring, data: st.DataObject) -> None:
    """
    One changed character of what a receipt proves, wherever it is, and it is proven no more.
    """
    receipt: dict[str, Any] = receipts.receipt(proofs[data.draw(st.integers(0, 299))])
    name = data.draw(st.sampled_from(["payload", "proof"]))
    place = data.draw(st.integers(0, len(receipt[name]) - 1))
    letter = data.draw(st.sampled_from("aZ0/+= \n"))
    changed = receipt[name][:place] + letter + receipt[name][place + 1 :]
    if changed == receipt[name]:
        return

    with pytest.raises(Unproven):
        verify.check_receipt(json.dumps({**receipt, name: changed}), [keyring.keys[0].verifier])


def test_a_promise_is_checked_too(path: Path, keyring: Keyring) -> None:
    """
    Before the tree has grown, a receipt is a promise: signed for this record, at this index, and no checkpoint.
    """
    made = fill(path, 2)
    keys = [keyring.keys[0].verifier]
    proof, other = (Reader(path).proof(each.id, keyring) for each in made)
    assert proof is not None
    assert other is not None

    assert verify.check_receipt(written(proof), keys)[1] is None
    with pytest.raises(Unproven, match="what was promised is another record"):
        verify.check_receipt(written(proof, proof=other.promise), keys)
    with pytest.raises(Unproven, match="No known key signed this"):
        verify.check_receipt(written(proof), [])
    with pytest.raises(Unproven, match="it is unsigned"):
        verify.check_receipt(written(Proof(proof.payload, 0)), keys)
    assert not re.search(r"\n\d+\n", proof.promise or "")


def test_rows_that_changed_places_are_named(proofs: list[Proof], keyring: Keyring) -> None:
    """
    An export of receipts is in the order of the log.
    """
    lines = [written(each) for each in (proofs[0], proofs[2], proofs[1])]

    assert list(verify.check_receipts(lines, [keyring.keys[0].verifier])) == [(3, "its index 1 does not follow 2")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it is no receipt: it is not JSON$"),
        ("{}", "it is no receipt: it is JSON of another kind$"),
        ("[1]", "it is no receipt: it is JSON of another kind$"),
        ("[" * 200_000, "it is no receipt: its JSON is nested too deeply$"),
        ('{"receipt":1}', "it is no whole receipt: 'payload' is missing$"),
        ('{"receipt":1,"payload":"{}","record":{"index":1e999},"proof":"","signed":""}', "a field of it holds"),
        ('{"receipt":1,"payload":"{}","record":{"index":[]},"proof":"","signed":""}', "a field of it holds"),
        ('{"receipt":2}', "form 2, and this version knows 1"),
    ],
)
def test_what_is_no_receipt_is_said_so(text: str, words: str) -> None:
    """
    A file that is none says so.
    """
    with pytest.raises(Unproven, match=words):
        verify.check_receipt(text, [])


@pytest.mark.parametrize(
    "text",
    ["", "x\n\ny", f"{receipts.PROOF_HEADER}\n\nx", f"{receipts.PROOF_HEADER}\nindex 01\n\nx",
     f"{receipts.PROOF_HEADER}\nindex 1\n!\n\nx", f"{receipts.PROOF_HEADER}\nindex 1\nAAAA\n\nx"],
)  # fmt: skip
def test_what_is_no_proof_is_refused(text: str) -> None:
    """
    A missing header, a strange index, and hashes that are none are no proof.
    """
    with pytest.raises(UnreadableReceipt):
        receipts.parse_proof(text)


def test_a_proof_may_carry_more(proofs: list[Proof]) -> None:
    """
    The optional line of C2SP tlog-proof is passed over.
    """
    with_extra = proofs[0].text.replace("\nindex", "\nextra AAAA\nindex", 1)

    assert receipts.parse_proof(with_extra) == receipts.parse_proof(proofs[0].text)


MANIFEST = Manifest(
    format="jsonl", rows=2, bytes=4, sha256="0" * 64, filters={},
    by="me", time="2026-11-24T12:00:00Z", checkpoint=None,
)  # fmt: skip


def test_a_manifest_says_what_was_exported(keyring: Keyring) -> None:
    """
    Signed, read and compared: changed bytes, missing rows and another key are found.
    """
    import hashlib
    from dataclasses import replace

    manifest = replace(MANIFEST, sha256=hashlib.sha256(b"1\n2\n").hexdigest())
    keys = [keyring.keys[0].verifier]
    note = verify.sign_manifest(manifest, keyring.sign(manifest.text, 1))

    assert verify.read_manifest(note, keys) == manifest
    assert list(verify.check_export(manifest, [b"1\n", b"2\n"])) == []
    assert [each.partition(":")[0] for each in verify.check_export(manifest, [b"1\n"])] == [
        "its bytes are not those that were exported", "it has 2 bytes, 4 were exported",
        "it has 1 records, 2 were exported",
    ]  # fmt: skip
    for changed in (
        note.replace('"rows":2', '"rows":1'),
        verify.sign_manifest(manifest, None),
        "",
        "\n\n— a AAAAAAAA\n",
    ):
        with pytest.raises(Unproven, match="its manifest"):
            verify.read_manifest(changed, keys)
    with pytest.raises(Unproven, match="of another kind"):
        verify.read_manifest(keyring.sign("x\n{}\n", 1), keys)
