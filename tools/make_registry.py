"""Make the registry's data: `python tools/make_registry.py ENTITIES.json COOKIES.csv [FOLDER]`.

ENTITIES.json is third-party-web's list of companies, COOKIES.csv the Open Cookie Database; `curated.toml`
beside this file says where we know better, with a reason in each row. The same input gives the same bytes:
one vendor and one cookie name a line, sorted, so that a change of the data reads as a diff.

Whatever can't be understood stops everything, with file, row, what came and what is accepted.
"""

from __future__ import annotations

import csv
import json
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from consentkit.registry.categories import CATEGORIES
from consentkit.registry.hosts import is_name, plain_host
from consentkit.registry.known import NECESSARY, UNKNOWN
from consentkit.vocabulary import BUILT_IN_PURPOSES, ID

CURATED = Path(__file__).with_name("curated.toml")
FOLDER = Path(__file__).parents[1] / "src" / "consentkit" / "registry" / "data"

COLUMNS = (
    "ID",
    "Platform",
    "Category",
    "Cookie / Data Key name",
    "Domain",
    "Description",
    "Retention period",
    "Data Controller",
    "User Privacy & GDPR Rights Portals",
    "Wildcard match",
)

#: The database's categories, to purposes. "necessary" is none of ours: it only describes.
PURPOSES = {
    "Functional": "functional",
    "Analytics": "analytics",
    "Marketing": "marketing",
    "Personalization": "functional",
    "Security": NECESSARY,
    "Necessary": NECESSARY,
}

#: What a curated row may make of a company: another category, a purpose of its own, or one of the two
#: exceptions.
USES = (*CATEGORIES, *BUILT_IN_PURPOSES, NECESSARY, UNKNOWN)

VENDOR_FIELDS = frozenset(
    {
        "key",
        "entities",
        "title",
        "as",
        "reason",
        "hosts",
        "not_hosts",
        "cookies",
        "platforms",
        "privacy",
        "homepage",
        "category",
        "also",
    }
)
GROUP_FIELDS = frozenset({"entities", "as", "reason"})


class BrokenRow(Exception):
    """A row of the input that can't be used."""

    def __init__(self, file: str, row: object, came: object, accepted: str) -> None:
        self.file, self.row, self.came, self.accepted = file, row, came, accepted
        super().__init__(f"{file}, {row}: {came!r} came; accepted: {accepted}.")


@dataclass
class Made:
    """One vendor of the registry while it is being put together."""

    key: str
    title: str
    category: str
    override: str = ""
    reason: str = ""
    homepage: str = ""
    privacy: str = ""
    hosts: list[str] = field(default_factory=list)
    cookies: dict[str, str] = field(default_factory=dict)

    def row(self) -> list[object]:
        return [
            self.title,
            self.category,
            self.override,
            self.reason,
            sorted(self.hosts),
            dict(sorted(self.cookies.items())),
            self.privacy,
            self.homepage,
        ]


@dataclass(frozen=True)
class Cookie:
    """One row of the database."""

    name: str
    platform: str
    purpose: str
    lifetime: str
    description: str
    privacy: str


# ── Reading, strictly
# ────────────────────────────────────────────────────────────────────────────────────────────


def read_entities(path: Path) -> list[Made]:
    """The companies of third-party-web, hosts as patterns, by the names they have there."""
    try:
        entities = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BrokenRow(path.name, "whole file", str(error), "JSON") from None
    if not isinstance(entities, list):
        raise BrokenRow(path.name, "whole file", type(entities).__name__, "a list of companies")
    made = [_entity(path.name, f"company {number}", entity) for number, entity in enumerate(entities, 1)]
    # "mediaplex.com" of one company and "*.mediaplex.com" of another: a host covers its subdomains here, so
    # the one that has them all keeps it.
    wide = {host: entity["name"].strip() for entity in entities for host in _wide(entity["domains"])}
    for company in made:
        company.hosts = [host for host in company.hosts if wide.get(host, company.title) == company.title]
    return made


def _wide(domains: Iterable[str]) -> Iterator[str]:
    return (plain_host(domain.removeprefix("*.")) for domain in domains if domain.startswith("*."))


def _entity(file: str, row: str, entity: Any) -> Made:
    if not isinstance(entity, dict) or not isinstance(entity.get("name"), str) or not entity["name"].strip():
        raise BrokenRow(file, row, entity, 'an object with a "name"')
    row = f"{row} ({entity['name']})"
    category: Any = entity.get("category")
    if category not in CATEGORIES:
        raise BrokenRow(file, row, category, f"a category out of {', '.join(CATEGORIES)}")
    domains = entity.get("domains")
    if not isinstance(domains, list):
        raise BrokenRow(file, row, domains, 'a list of "domains"')
    hosts = [host for domain in domains for host in _domain(file, row, domain)]
    return Made(
        "",
        entity["name"].strip(),
        category,
        homepage=str(entity.get("homepage", "")),
        hosts=list(dict.fromkeys(hosts)),
    )


def _domain(file: str, row: str, domain: object) -> Iterator[str]:
    host = plain_host(domain.removeprefix("*.")) if isinstance(domain, str) else ""
    # An address belongs to whoever rents the machine today; the matcher looks at none.
    if host.replace(".", "").isdigit():
        return
    if not is_name(host):
        raise BrokenRow(file, row, domain, 'a host name, with "*." in front where it covers its subdomains')
    yield host


def read_cookies(path: Path) -> list[Cookie]:
    """The rows of the Open Cookie Database, each name a pattern with at most one star."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise BrokenRow(path.name, "row 1", reader.fieldnames, f"the columns {', '.join(COLUMNS)}")
        return [_cookie(path.name, f"row {reader.line_num}", row) for row in reader]


def _cookie(file: str, where: str, row: dict[str, str]) -> Cookie:
    if None in row or None in row.values():
        raise BrokenRow(file, where, row, f"{len(COLUMNS)} fields")
    values = {column: " ".join(row[column].split()) for column in COLUMNS}
    name = values["Cookie / Data Key name"]
    if not name:
        raise BrokenRow(file, where, name, "a cookie's name")
    if values["Category"] not in PURPOSES:
        raise BrokenRow(file, where, values["Category"], f"a category out of {', '.join(PURPOSES)}")
    if values["Wildcard match"] not in ("0", "1"):
        raise BrokenRow(file, where, values["Wildcard match"], "0 or 1 as wildcard match")
    if values["Wildcard match"] == "1" and "*" not in name:
        name += "*"
    privacy = values["User Privacy & GDPR Rights Portals"]
    return Cookie(
        name,
        values["Platform"],
        PURPOSES[values["Category"]],
        lifetime(values["Retention period"]),
        values["Description"],
        privacy if privacy.startswith(("https://", "http://")) else "",
    )


UNITS = {"sec": "second", "secs": "second", "min": "minute", "mins": "minute"}
SESSION = re.compile(r"sessions?|seesion|session cookie|end of session.*|when the browser.*")
FOREVER = re.compile(r"forever|unlimited|permanent|persistent|no expiration")
NOT_SAID = re.compile(r"unknown|undefined|varies|various|awin|")
# What may stand in a list that people read; the rest of the database's names can still be looked up.
READABLE = re.compile(r"[!-:<>-~]+")  # printable ASCII without blank, ";" and "="
LENGTH = re.compile(r"(\d+) ?([a-z]+?)s?")


def lifetime(text: str) -> str:
    """A lifetime as people read it: `2 years`, `session`, `unlimited`, "" when nobody says, else as it is."""
    plain = text.strip().lower()
    if SESSION.fullmatch(plain):
        return "session"
    if FOREVER.fullmatch(plain):
        return "unlimited"
    if NOT_SAID.fullmatch(plain):
        return ""
    length = LENGTH.fullmatch(plain)
    if length:
        number, unit = int(length[1]), UNITS.get(length[2], length[2])
        return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
    return text.strip()


def read_curated(path: Path) -> Mapping[str, list[dict[str, Any]]]:
    """Our own rows, checked for misspelt fields and unknown uses."""
    tables: Mapping[str, list[dict[str, Any]]] = tomllib.loads(path.read_text(encoding="utf-8"))
    for table, fields in (("vendor", VENDOR_FIELDS), ("group", GROUP_FIELDS)):
        for number, row in enumerate(tables[table], 1):
            where = f"{table} {number} ({row.get('key') or row.get('entities')})"
            if not fields.issuperset(row):
                raise BrokenRow(path.name, where, sorted(set(row) - fields), f"the fields {', '.join(sorted(fields))}")
            if row.get("as", NECESSARY) not in USES:
                raise BrokenRow(path.name, where, row["as"], f"a use out of {', '.join(USES)}")
            if "as" in row and not row.get("reason"):
                raise BrokenRow(path.name, where, "no reason", "a sentence that says why it differs from its category")
            if table == "vendor" and not ID.match(row.get("key", "")):
                raise BrokenRow(path.name, where, row.get("key"), "a key out of a-z, 0-9, - and _, at most 32")
            for host in row.get("hosts", ()):
                if plain_host(host.partition("/")[0]) != host.partition("/")[0]:
                    raise BrokenRow(path.name, where, host, "a host in lower case, and an optional path")
    return tables


# ── Putting together
# ─────────────────────────────────────────────────────────────────────────────────────────────


def key_of(name: str) -> str:
    """A company's key: lower case, runs of other characters one dash, at most 32."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:32].strip("-")


def make_vendors(entities: Sequence[Made], curated: Mapping[str, list[dict[str, Any]]]) -> dict[str, Made]:
    """The vendors by key. A curated host leaves the company that had it."""
    by_name = {entity.title: entity for entity in entities}
    taken = {host for row in curated["vendor"] for host in (*row.get("hosts", ()), *row.get("not_hosts", ()))}
    vendors: dict[str, Made] = {}
    for row in curated["vendor"]:
        made = _curated(row, by_name, taken)
        if made.key in vendors:
            raise BrokenRow(CURATED.name, f"vendor {made.key}", "the key a second time", "one row for each key")
        vendors[made.key] = made
    for row in curated["group"]:
        for name in row["entities"]:
            _apply(by_name, name, row)
    used = {name for row in curated["vendor"] for name in row.get("entities", ())}
    for entity in entities:
        if entity.title in used:
            continue
        entity.hosts = [host for host in entity.hosts if host not in taken]
        if entity.hosts:
            _add(vendors, entity)
    _check_hosts(vendors)
    return vendors


def _curated(row: dict[str, Any], by_name: Mapping[str, Made], taken: set[str]) -> Made:
    bases = [_company(by_name, name, row["key"]) for name in row.get("entities", ())]
    first = bases[0] if bases else Made("", row["key"], row.get("category", "other"))
    hosts = [*row.get("hosts", ()), *(host for base in bases for host in base.hosts if host not in taken)]
    made = Made(
        row["key"],
        row.get("title", first.title),
        row.get("category", first.category),
        reason=row.get("reason", ""),
        homepage=row.get("homepage", first.homepage),
        privacy=row.get("privacy", ""),
        hosts=list(dict.fromkeys(hosts)),
        cookies=dict(row.get("cookies", {})),
    )
    _use(made, row.get("as", ""))
    return made


def _use(made: Made, use: str) -> None:
    # "analytics" and "marketing" are categories as well as purposes, and come to the same.
    if use in CATEGORIES:
        made.category = use
    elif use:
        made.override = use


def _apply(by_name: Mapping[str, Made], name: str, row: dict[str, Any]) -> None:
    made = _company(by_name, name, f"group of {row['as']}")
    made.reason = row["reason"]
    _use(made, row["as"])


def _company(by_name: Mapping[str, Made], name: str, where: str) -> Made:
    if name not in by_name:
        raise BrokenRow(CURATED.name, where, name, "the name of a company in the entities file")
    return by_name[name]


def _add(vendors: dict[str, Made], entity: Made) -> None:
    """Add a company under its key. Of two with one key the later gets a number; the same one the hosts."""
    key = key_of(entity.title)
    if not key:
        raise BrokenRow("entities", entity.title, key, "a name with a letter or a digit")
    twin = vendors.get(key)
    if twin is not None and twin.title == entity.title:
        twin.hosts += entity.hosts
        return
    number = 2
    while key in vendors:
        key = f"{key_of(entity.title)[:29].strip('-')}-{number}"
        number += 1
    entity.key = key
    vendors[key] = entity


def _check_hosts(vendors: Mapping[str, Made]) -> None:
    owners: dict[str, str] = {}
    for made in vendors.values():
        for host in made.hosts:
            other = owners.setdefault(host, made.key)
            if other != made.key:
                raise BrokenRow("registry", f"vendor {made.key}", host, f"a host that {other} does not have")


def add_cookies(vendors: Mapping[str, Made], cookies: Iterable[Cookie], curated: Mapping[str, Any]) -> dict[str, str]:
    """Give vendors the cookies of their platforms; returns platform to key, for the descriptions."""
    platforms = {name: row["key"] for row in curated["vendor"] for name in row.get("platforms", ())}
    seen = {cookie.platform for cookie in cookies}
    for name, key in platforms.items():
        if name not in seen:
            raise BrokenRow(CURATED.name, f"vendor {key}", name, "a platform of the cookie database")
    for cookie in cookies:
        key = platforms.setdefault(cookie.platform, _nearest_key(cookie.platform, vendors))
        made = vendors.get(key)
        if made is not None and READABLE.fullmatch(cookie.name):
            made.cookies.setdefault(cookie.name, cookie.lifetime)
            made.privacy = made.privacy or cookie.privacy
    return platforms


def _nearest_key(platform: str, vendors: Mapping[str, Made]) -> str:
    key = key_of(platform)
    return key if key in vendors else ""


# ── Writing
# ──────────────────────────────────────────────────────────────────────────────────────────────────────


def compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def lines(rows: Mapping[str, object]) -> str:
    """A JSON object with one entry a line, sorted."""
    return "{\n" + ",\n".join(f"{compact(key)}:{compact(rows[key])}" for key in sorted(rows)) + "\n}"


def vendors_json(vendors: Mapping[str, Made], also: Mapping[str, str]) -> str:
    rows = {key: made.row() for key, made in vendors.items()}
    return f'{{"also":{lines(also)},\n"vendors":{lines(rows)}}}\n'


def cookies_json(cookies: Iterable[Cookie], platforms: Mapping[str, str]) -> str:
    facts: dict[str, list[list[str]]] = {}
    for cookie in cookies:
        fact = [
            cookie.platform,
            platforms[cookie.platform],
            cookie.purpose,
            cookie.lifetime,
            cookie.description,
        ]
        rows = facts.setdefault(cookie.name, [])
        if fact not in rows:
            rows.append(fact)
    return lines(facts) + "\n"


def make(entities_file: Path, cookies_file: Path) -> dict[str, str]:
    """File name to content."""
    curated = read_curated(CURATED)
    vendors = make_vendors(read_entities(entities_file), curated)
    cookies = read_cookies(cookies_file)
    platforms = add_cookies(vendors, cookies, curated)
    also = {name: row["key"] for row in curated["vendor"] for name in row.get("also", ())}
    for name in also:
        if name in vendors:
            raise BrokenRow(CURATED.name, f"vendor {also[name]}", name, "another name that is no key itself")
    return {"vendors.json": vendors_json(vendors, also), "cookies.json": cookies_json(cookies, platforms)}


def main(argv: Sequence[str]) -> int:
    if len(argv) not in (2, 3):
        print("Use: python tools/make_registry.py ENTITIES.json COOKIES.csv [FOLDER]", file=sys.stderr)
        return 2
    folder = Path(argv[2]) if len(argv) == 3 else FOLDER
    try:
        files = make(Path(argv[0]), Path(argv[1]))
    except (BrokenRow, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
        print(f"{folder / name}: {len(content.encode())} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
