"""The commands that prove: `verify` and `proof`."""

from __future__ import annotations

import argparse
import json
import sys
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from consentkit.cli.form import as_table
from consentkit.cli.log.opening import keyring_of, keyring_to_verify, place_of, reader_of, tell, verifiers_of
from consentkit.cli.log.output import new_file, pieces_of, print_json, progress_bar, used_wrongly
from consentkit.log import dsar, stamp
from consentkit.log import receipt as receipts
from consentkit.log import verify as verifying
from consentkit.log.event import Kind, Places, looked_at

if TYPE_CHECKING:
    from cryptography.x509 import Certificate


def verify(arguments: argparse.Namespace) -> int:
    return _verify_file(arguments, Path(arguments.file)) if arguments.file else _verify_log(arguments)


def _verify_log(arguments: argparse.Namespace) -> int:
    from consentkit.log import store

    place = place_of(arguments)
    store.check(place)
    keys, memory = keyring_to_verify(arguments)
    others = {}
    for name in arguments.checkpoint or []:
        try:
            others[name] = Path(name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as problem:
            return used_wrongly(f"{name!r} can't be read: {problem}")
    try:
        roots = stamp.load_roots(Path(arguments.tsa_roots).read_bytes()) if arguments.tsa_roots else []
    except (OSError, ValueError) as problem:
        return used_wrongly(f"--tsa-roots {arguments.tsa_roots!r} can't be read: {problem}")
    if roots and not stamp.is_installed():
        return used_wrongly(stamp.MISSING)
    check_stamp = partial(_wrong_stamp, roots) if stamp.is_installed() else None
    found = store.audit(place, keys, memory=memory, others=others, stamp=check_stamp, progress=progress_bar)
    tell(arguments, Kind.VERIFY, found.summary)
    for each in found.problems:
        print(each)
    if found.more_problems:
        print(f"… and {found.more_problems} more")
    if not as_table(arguments):
        print_json({name: value for name, value in vars(found).items() if name != "problems"})
    else:
        print(_summary(found))
        if found.stamped and not roots:
            print(f"{found.stamped:,} time stamps: whether to trust who made them is told by --tsa-roots FILE.")
    return 1 if found.problems else 0


def _wrong_stamp(roots: list[Certificate], token: bytes, text: bytes) -> str | None:
    try:
        stamp.read(token, text, roots)
    except stamp.BadStamp as problem:
        return str(problem)
    return None


def _summary(found: object) -> str:
    values = vars(found)
    count = len(values["problems"]) + values["more_problems"]
    word = f"{count:,} problem{'' if count == 1 else 's'}" if count else "Everything is as it was signed"
    if not values["signatures_checked"] and not count:
        word = "The log agrees with itself (no key was given, so no signature was checked)"
    return (
        f"{word}: {values['size']:,} entries, {values['records']:,} records, {values['erased']:,} erased, "
        f"{values['folded']:,} folded away, {values['notices']:,} notices, {values['checkpoints']:,} checkpoints, "
        f"{values['anchored']:,} copies at anchors, {values['stamped']:,} time stamps; "
        f"root {values['root']}."
    )


def _verify_file(arguments: argparse.Namespace, path: Path) -> int:
    keys = verifiers_of(arguments)
    problems: list[str] = []
    sentence = ""
    beside = Path(f"{path}.manifest")
    try:
        if beside.exists():
            manifest = verifying.read_manifest(beside.read_text(encoding="utf-8"), keys)
            problems += verifying.check_export(manifest, pieces_of(path))
            if manifest.format == "receipts":
                problems += [f"line {n}: {why}" for n, why in verifying.check_receipts(_lines(path), keys)]
            sentence = f"{path} is the export of {manifest.rows:,} records that {manifest.by} made at {manifest.time}."
        else:
            proof, checkpoint = verifying.check_receipt(path.read_text(encoding="utf-8"), keys)
            sentence = (
                f"{path} is entry {proof.index} of {checkpoint.origin}, "
                f"under its signed root of {checkpoint.size:,} entries."
                if checkpoint
                else f"{path} was promised to become entry {proof.index}; ask again for the proof."
            )
    except verifying.NotSigned as problem:
        problems.append(f"{problem}; if it is an export, its manifest is missing: {str(beside)!r}")
    except verifying.Unproven as problem:
        problems.append(str(problem))
    except UnicodeDecodeError:
        if beside.exists():
            return used_wrongly(f"{str(beside)!r} can't be read: it is not UTF-8")
        problems.append(
            f"it is no receipt: it is not UTF-8; if it is an export, its manifest is missing: {str(beside)!r}"
        )
    except OSError as problem:
        return used_wrongly(f"{str(path)!r} can't be read: {problem}")
    for each in problems:
        print(f"{path}: {each}")
    if not problems:
        print(sentence)
    return 1 if problems else 0


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", newline="\n") as file:
        yield from file


def proof(arguments: argparse.Namespace) -> int:
    reader, keys = reader_of(arguments), keyring_of(arguments)
    public = [str(key.verifier) for key in keys.keys] if keys else []
    found = reader.proof(arguments.id, keys)
    if found is None:
        print(f"consentkit: There is no record {arguments.id!r} in this log.", file=sys.stderr)
        return 1
    if arguments.bundle:
        return _bundle(arguments)
    tell(arguments, Kind.LOOKUP, looked_at("proof", {}, Places([found.index])))
    if arguments.tlog:
        sys.stdout.write(found.text)
        return 0 if found.text else 1
    print(json.dumps(receipts.receipt(found, public), ensure_ascii=False, indent=1))
    return 0


def _bundle(arguments: argparse.Namespace) -> int:
    """Everything of the person whose record it is, as a zip file."""
    reader, keys = reader_of(arguments), keyring_of(arguments)
    record = reader.get(arguments.id)
    assert record is not None
    target = Path(arguments.bundle)
    try:
        with new_file(target):
            pass
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, body in dsar.archive(reader, record, keys):
                archive.writestr(name, body)
    except FileExistsError:
        return used_wrongly(f"{arguments.bundle!r} is there already; name a new file")
    except OSError as problem:
        return used_wrongly(f"{arguments.bundle!r} can't be written: {problem.strerror}")
    theirs = Places(each.index for each in dsar.theirs(reader, record))
    tell(arguments, Kind.EXPORT, {"format": "bundle", "rows": theirs.rows, "of": theirs.entries})
    print(f"{theirs.rows} record{'s' if theirs.rows != 1 else ''} in {target}.")
    return 0
