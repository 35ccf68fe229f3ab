from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentkit.errors import ConfigurationError
from consentkit.log import checkpoint as notes
from consentkit.log.checkpoint import BadSignature, Checkpoint, SigningKey, UnreadableNote, make_key

#: The key pair and the note that the documentation of Go's golang.org/x/mod/sumdb/note publishes.
GO_PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)

KEY = make_key("courier.example/log", bytes(range(32)))
NEXT = make_key("courier.example/log", bytes(range(1, 33)))
HEAD = Checkpoint("courier.example/log", 3, bytes(32))


def test_notes_are_those_of_the_reference_implementation() -> None:
    """
    Go's published key signs Go's published text with Go's published signature.
    """
    key = notes.parse_signing_key(GO_PRIVATE)

    assert str(key) == GO_PRIVATE
    assert str(key.verifier) == GO_PUBLIC
    assert notes.sign(notes.parse_note(GO_NOTE).text, [key]) == GO_NOTE
    assert notes.signers(notes.parse_note(GO_NOTE), [notes.parse_verifier_key(GO_PUBLIC)]) == [key.verifier]


def test_the_checkpoint_of_the_specification_is_read() -> None:
    """
    The example of C2SP tlog-checkpoint says what it says.
    """
    note = notes.parse_note(
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+z"
        "yWE+xeMcTOAYQ8=\n"
    )

    checkpoint = notes.parse_checkpoint(note.text)

    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.text == note.text
    assert note.signatures[0][0] == "example.com/behind-the-sofa"


def test_a_checkpoint_is_believed_when_a_known_key_signed_it() -> None:
    """
    Signed, read and believed; with another key, or under another name, it is not.
    """
    note = notes.sign(HEAD.text, [KEY])
    other = make_key("other.example/log", KEY.private)

    assert notes.open_checkpoint(note, [KEY.verifier]) == HEAD
    with pytest.raises(BadSignature, match=r"No known key signed this; it was signed by courier\.example/log"):
        notes.open_checkpoint(note, [NEXT.verifier, other.verifier])
    with pytest.raises(BadSignature, match=r"of courier\.example/log, and another log signed it"):
        notes.open_checkpoint(notes.sign(HEAD.text, [other]), [other.verifier])


def test_keys_rotate_by_signing_together() -> None:
    """
    While old and new key sign, whoever knows one of them believes the checkpoint.
    """
    note = notes.sign(HEAD.text, [KEY, NEXT])

    for keys in ([KEY.verifier], [NEXT.verifier], [KEY.verifier, NEXT.verifier]):
        assert notes.open_checkpoint(note, keys) == HEAD


def test_one_bad_signature_spoils_the_note() -> None:
    """
    A known key whose signature does not fit is never made up for by another.
    """
    good, bad = notes.sign(HEAD.text, [KEY]), notes.sign(Checkpoint(HEAD.origin, 4, HEAD.root).text, [NEXT])
    forged = good + bad.rpartition("\n\n")[2]

    with pytest.raises(BadSignature, match="does not fit"):
        notes.open_checkpoint(forged, [KEY.verifier, NEXT.verifier])
    assert notes.open_checkpoint(forged, [KEY.verifier]) == HEAD


@given(st.data())
def test_any_changed_character_is_found(data: st.DataObject) -> None:
    """
    A checkpoint of which one character is another is never believed.
    """
    note = notes.sign(HEAD.text, [KEY])
    place = data.draw(st.integers(0, len(note) - 1))
    other = data.draw(st.characters(exclude_characters=note[place], exclude_categories=["Cs"]))
    changed = note[:place] + other + note[place + 1 :]

    with pytest.raises((UnreadableNote, BadSignature)):
        notes.open_checkpoint(changed, [KEY.verifier])


@pytest.mark.parametrize(
    "text",
    ["", "a\n", "a\n1\n", "a\n01\nAAAA\n", "a\n1\nAAAA\n", "a\n-1\n" + "A" * 43 + "=\n", "a\n٣\n" + "A" * 43 + "=\n"],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    """
    A missing line, a size with zeroes in front and a short hash are no checkpoint.
    """
    with pytest.raises(UnreadableNote):
        notes.parse_checkpoint(text)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("courier.example/log+00000000+AAAA", r"begins with PRIVATE\+KEY"),
        ("PRIVATE+KEY+a+00000000+AAAA", "name+digits+base64"),
        (GO_PRIVATE.replace("c74f", "c74e"), "check digits"),
    ],
)
def test_a_broken_key_is_told_and_not_repeated(line: str, words: str, tmp_path: Path) -> None:
    """
    A key file that can't be used says why, without a secret in the message.
    """
    path = tmp_path / "consentkit.key"
    path.write_text(f"# made by init\n\n{line}\n")

    with pytest.raises(ConfigurationError, match=words.replace("name+digits+base64", r"name\+digits\+base64")) as told:
        notes.load_keys(path)
    assert "AYEKFALVFGyN" not in str(told.value)


def test_a_key_file_is_its_owners(tmp_path: Path) -> None:
    """
    A key is written for its owner only, never over another, and read back; no file is no key.
    """
    path = tmp_path / "consentkit.key"
    assert notes.load_keys(path) == ()

    notes.write_key(path, KEY)
    with pytest.raises(FileExistsError):
        notes.write_key(path, NEXT)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert notes.load_keys(path) == (KEY,)
    path.write_text(f"{KEY}\n{NEXT}\n")
    assert notes.load_keys(path) == (KEY, NEXT)
    path.write_text(f"{KEY}\n{GO_PRIVATE}\n")
    with pytest.raises(ConfigurationError, match="keys of several logs"):
        notes.load_keys(path)
    path.write_bytes(b"\xff")
    with pytest.raises(ConfigurationError, match="can't be read"):
        notes.load_keys(path)


def test_a_name_without_blanks(tmp_path: Path) -> None:
    """
    A log's name has no blanks and no plus, because lines are cut there.
    """
    for name in ("", "a b", "a+b"):
        with pytest.raises(ValueError, match="can't name a log"):
            make_key(name, bytes(32))
    with pytest.raises(UnreadableNote, match="check digits"):
        notes.parse_verifier_key(str(KEY.verifier).replace("courier", "carrier"))


def test_a_key_does_not_show_itself() -> None:
    """
    What a traceback shows of a key is its name.
    """
    assert not re.search("AAEC|0001|x00", repr(SigningKey("a", bytes(range(32)))))
