from __future__ import annotations

import stat
from pathlib import Path

import pytest

from consentkit import ConfigurationError
from consentkit.audit.auditor import Role
from consentkit.audit.tokens import Tokens, fits, issue, make, parse, revoke


def counting(n: int) -> bytes:
    return bytes(range(n))


def test_what_is_kept_is_a_hash(tmp_path: Path) -> None:
    """
    The file is for its owner only, and neither the token nor its secret stands in it.
    """
    path = tmp_path / "consentkit.audit"
    token = issue(path, "anna", Role.OFFICER, counting)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().startswith("anna officer scrypt:14:8:1:")
    assert token.partition(".")[2] not in path.read_text()
    assert Tokens(path).recognise(token) == parse(path.read_text(), "")["anna"]


def test_a_new_token_takes_the_place_of_the_old(tmp_path: Path) -> None:
    """
    One name has one token; other lines and comments stay; a name that is taken back has none.
    """
    path = tmp_path / "consentkit.audit"
    issue(path, "bob", Role.READER, counting)
    path.write_text("# who may look\n" + path.read_text())
    old = issue(path, "anna", Role.READER, counting)
    new = issue(path, "anna", Role.OFFICER, lambda n: bytes(n))

    tokens = Tokens(path)
    assert tokens.recognise(old) is None
    assert (found := tokens.recognise(new)) is not None
    assert found.role is Role.OFFICER
    assert revoke(path, "anna")
    assert not revoke(path, "anna")
    assert tokens.recognise(new) is None
    assert path.read_text().startswith("# who may look\nbob reader ")


def test_only_its_own_token_fits() -> None:
    """
    Another name, another secret, or nobody's: none fits.
    """
    token, holder = make("anna", Role.READER, bytes(32), bytes(16))

    assert fits(token, holder)
    assert not fits(token.replace("anna", "anne"), holder)
    assert not fits(token[:-1], holder)
    assert not fits(token, None)


@pytest.mark.parametrize("name", ["", "Anna", "anna.b", "a b", "-a", "a" * 33, "a\n"])
def test_a_name_is_an_id(name: str) -> None:
    """
    It stands before a dot, in a line of words, and in the log.
    """
    with pytest.raises(ConfigurationError, match="can't be the name of a token"):
        make(name, Role.READER, bytes(32), bytes(16))


@pytest.mark.parametrize(
    "line",
    [
        "anna", "anna reader", "anna admin HASH", "Anna reader HASH", "anna reader HASH more", "anna reader scrypt:14:8:1::",
        "anna reader scrypt:30:8:1:AAAAAAAAAAAAAAAAAAAAAA==:" + "A" * 43 + "=",
        "anna reader scrypt:14:8:1:A===AAAA:" + "A" * 43 + "=",
        "anna reader scrypt:14:8:1:AAAAAAAAAAAAAAAAAAAAAA==:" + "A" * 44,
    ],
)  # fmt: skip
def test_a_line_that_is_no_token_is_named(line: str) -> None:
    """
    The operator is told which line, and how to make a good one. A cost that would stop the server is none.
    """
    _, holder = make("anna", Role.READER, bytes(32), bytes(16))

    with pytest.raises(ConfigurationError, match=r"tokens, line 2: no token; make one with `consentkit audit token"):
        parse("\n" + line.replace("HASH", holder.hashed), "tokens")


def test_a_name_stands_once() -> None:
    """
    Two tokens of one name would make "who did what" doubtful.
    """
    _, holder = make("anna", Role.READER, bytes(32), bytes(16))

    with pytest.raises(ConfigurationError, match="line 2: a second token for 'anna'"):
        parse(f"{holder.line}\n{holder.line}", "tokens")


def test_a_file_that_cant_be_used_is_an_error_and_never_open(tmp_path: Path) -> None:
    """
    Readable by others, no text, a folder: nobody gets in, and the reason is said.
    """
    path = tmp_path / "consentkit.audit"
    path.write_text("")
    path.chmod(0o640)
    with pytest.raises(ConfigurationError, match=r"can be read by others on this machine; run `chmod 600"):
        Tokens(path).holders()
    with pytest.raises(ConfigurationError, match="chmod 600"):
        issue(path, "anna", Role.READER, counting)
    path.chmod(0o600)
    path.write_bytes(b"\xff")
    with pytest.raises(ConfigurationError, match="can't be read"):
        Tokens(path).holders()
    with pytest.raises(ConfigurationError, match="can't be read"):
        revoke(path, "anna")
    with pytest.raises(ConfigurationError, match="can't be written"):
        issue(tmp_path / "no" / "consentkit.audit", "anna", Role.READER, counting)

    assert Tokens(tmp_path / "nothing").holders() == {}
