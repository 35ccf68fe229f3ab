"""Every way in which a configuration can be wrong, with the words that the owner reads."""

from __future__ import annotations

from typing import Any

import pytest

from consentkit.errors import ConfigurationError
from consentkit.settings import Site
from consentkit.settings.site import SECRET_VARIABLE
from consentkit.vocabulary import Policy, Purpose, Vendor
from tests.settings.sites import COUNTER, PRIVACY, SECRET, TERMS, TUBE, courier, problems_of


@pytest.fixture(autouse=True)
def _no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SECRET_VARIABLE, raising=False)


def hosts(*names: str) -> dict[str, Any]:
    return {"purposes": [Purpose("media", vendors=[TUBE, Vendor("maps", title="Maps", hosts=names)])]}


def vendor(**options: Any) -> dict[str, Any]:
    return {"purposes": [Purpose("media", vendors=[Vendor("maps", title="Maps", **options)])]}


def policy(**options: Any) -> dict[str, Any]:
    return {"policies": [PRIVACY, Policy(**({"name": "terms", "url": "/terms", "version": "1"} | options))]}


MISTAKES = [
    # Who and where
    ({"name": "  "}, 'name: is empty; write what people call the site, such as name="Drina Courier".'),
    (
        {"url": "courier.example"},
        "url: 'courier.example' is not an address; write it like \"https://courier.example\".",
    ),
    ({"url": "ftp://courier.example"}, "url: 'ftp://courier.example' is not an address"),
    ({"url": "https://"}, "url: 'https://' is not an address"),
    ({"url": "http://["}, "url: 'http://[' is not an address"),
    ({"url": "https://courier.example:port"}, "url: 'https://courier.example:port' is not an address"),
    ({"url": "https://courier.example:99999"}, "url: 'https://courier.example:99999' is not an address"),
    ({"url": "https://me@courier.example"}, "url: 'https://me@courier.example' is not an address"),
    ({"url": "https://courier.example/news"}, 'has a path; write only "https://courier.example".'),
    ({"url": "https://courier.example?a"}, 'has a path; write only "https://courier.example".'),
    (
        {"controller": ""},
        "controller: is missing; write legal name and address, because the site asks for consent to"
        " analytics, media, marketing (GDPR article 13).",
    ),
    ({"contact": " "}, "contact: is missing; write an address to write to"),
    ({"audience": "kids"}, "audience: 'kids' is not known; write \"children\" or leave it out."),
    # Secrets
    (
        {"secret": ""},
        "secret: is missing; set CONSENTKIT_SECRET to at least 32 random characters, or run `consentkit init`,"
        " which writes one into .env.",
    ),
    ({"secret": []}, "secret: is missing"),
    ({"secret": "x" * 31}, "secret: has 31 characters; at least 32 random ones are needed."),
    ({"secret": [SECRET, "short"]}, "secret[1]: has 5 characters; at least 32 random ones are needed."),
    # The log
    ({"log": "consent.db"}, "log: 'consent.db' is not a log; write a database URL like \"sqlite:///consent.db\"."),
    ({"log": "redis://localhost"}, "log: 'redis://localhost' is not a log"),
    ({"log": ""}, "log: '' is not a log"),
    ({"log_key": " "}, 'log_key: is empty; write the path of a file, such as "consentkit.key"'),
    (
        {"anchor": "ftp://witness.example/x"},
        "anchor: 'ftp://witness.example/x' is no place for a copy; write the path of a",
    ),
    ({"anchor": ["copies.jsonl", "rfc3161:tsa.example"]}, "anchor[1]: 'rfc3161:tsa.example' is no place for a copy"),
    ({"anchor": [" "]}, "anchor[0]: ' ' is no place for a copy"),
    ({"migrate": "never"}, 'migrate: \'never\' is not known; accepted: "auto", "manual".'),
    # Policies
    ({"policies": [PRIVACY, PRIVACY]}, "policies: 'privacy' stands there 2 times; each policy needs an id of its own."),
    (
        policy(name="Terms & Co", title="T"),
        "policies[1].name: 'Terms & Co' can't be an id; use up to 32 of a-z, 0-9, - and _",
    ),
    (policy(url=""), "policies[1].url: is missing; write where 'terms' can be read, such as \"/terms\"."),
    (
        policy(url="terms.html"),
        "policies[1].url: 'terms.html' is not an address; write a path like \"/privacy\" or a full URL.",
    ),
    (policy(url="//other.example/terms"), "policies[1].url: '//other.example/terms' is not an address"),
    (policy(url="javascript:alert(1)"), "policies[1].url: 'javascript:alert(1)' is not an address"),
    (policy(version=""), "policies[1].version: is missing; write any text that changes with the policy"),
    (policy(version="x" * 33), "policies[1].version: has 33 characters; at most 32 fit into the cookie."),
    (policy(kind="contract"), 'policies[1].kind: \'contract\' is not known; write "notice" or "terms".'),
    (
        policy(name="imprint"),
        "policies[1].title: is missing; privacy, terms, cookies have a title in every language, 'imprint' needs one.",
    ),
    # Purposes and vendors
    (
        {"purposes": [Purpose("media"), Purpose("media")]},
        "purposes: 'media' stands there 2 times; each purpose needs an id of its own.",
    ),
    (
        {"purposes": [Purpose("analitics")]},
        "purposes[0].title: is missing; the built-in purposes are functional, analytics, marketing, media, 'analitics'"
        " needs a title and a text of its own. Did you mean 'analytics'?",
    ),
    ({"purposes": [Purpose("Media", title="M")]}, "purposes[0].name: 'Media' can't be an id"),
    (
        {"purposes": [Purpose("media", basis="legitimate")]},
        'purposes[0].basis: \'legitimate\' is not known; write "consent" or "exempt".',
    ),
    (
        {"purposes": [Purpose("media", basis="exempt")]},
        "purposes[0].reason: is missing; say why 'media' may run without asking.",
    ),
    (
        {"purposes": [Purpose("analytics", vendors=[COUNTER]), Purpose("media", vendors=[TUBE, COUNTER])]},
        "purposes[1].vendors[1]: 'counter' already belongs to purpose 'analytics'; a vendor belongs to one purpose.",
    ),
    (
        {"purposes": [Purpose("analytics", vendors=["gogle-analytics"])]},
        "purposes[0].vendors[0]: 'gogle-analytics' is not in the registry; search it with"
        " `consentkit vendors gogle-analytics`, or describe the company yourself with hosts and title."
        " Did you mean 'google-analytics'?",
    ),
    (
        {"purposes": [Purpose("media", vendors=[Vendor("City Maps")])]},
        "purposes[0].vendors[0].name: 'City Maps' can't be an id",
    ),
    (
        vendor(privacy="/privacy"),
        "purposes[0].vendors[0].privacy: '/privacy' is not an address; write a full https:// URL.",
    ),
    (vendor(privacy="https://["), "purposes[0].vendors[0].privacy: 'https://[' is not an address"),
    (
        vendor(country="USA"),
        "purposes[0].vendors[0].country: 'USA' is not a country; write two letters, such as \"US\".",
    ),
    # Hosts
    (
        hosts("a.example", "https://maps.grad.example"),
        "purposes[0].vendors[1].hosts[1]: 'https://maps.grad.example' has a scheme; write \"maps.grad.example\".",
    ),
    (hosts("https://maps.example:8443/tiles/"), 'has a scheme; write "maps.example/tiles/".'),
    (hosts("https://["), "has a scheme; write"),
    (hosts("maps.example:8000"), "'maps.example:8000' has a port; ports are ignored, write \"maps.example\"."),
    (hosts("maps.example:8000/tiles/"), 'has a port; ports are ignored, write "maps.example/tiles/".'),
    (hosts("*.maps.example"), "'*.maps.example' has a wildcard; a host covers its subdomains, write \"maps.example\"."),
    (hosts(".maps.example"), 'has a wildcard; a host covers its subdomains, write "maps.example".'),
    (hosts("maps example"), "'maps example' is not a host name; write it like \"maps.grad.example\"."),
    (hosts(""), "'' is not a host name"),
    (hosts("/tiles"), "'/tiles' is not a host name"),
    (hosts("maps.example\n"), "is not a host name"),
    ({"first_party": ["//cdn.example"]}, "first_party[0]: '//cdn.example' is not a host name"),
    ({"cookie_domain": ".courier.example"}, "cookie_domain: '.courier.example' has a wildcard"),
    (
        {"cookie_domain": "other.example"},
        "cookie_domain: 'other.example' is not 'courier.example' or a domain above it; write one of those.",
    ),
    ({"cookie_domain": "www.courier.example"}, "cookie_domain: 'www.courier.example' is not 'courier.example'"),
    ({"cookie_domain": "rier.example"}, "cookie_domain: 'rier.example' is not 'courier.example'"),
    # Names and paths
    ({"holding": "all"}, 'holding: \'all\' is not known; write "observe", "known" or "strict".'),
    ({"prefix": "_ckit"}, "prefix: '_ckit' is not a path; write it like \"/_ckit\", without a slash at the end."),
    ({"prefix": "/_ckit/"}, "prefix: '/_ckit/' is not a path"),
    ({"prefix": "/"}, "prefix: '/' is not a path"),
    (
        {"cookie_name": "my cookie"},
        "cookie_name: 'my cookie' can't name a cookie; use up to 32 letters, digits, - and _.",
    ),
    ({"origins": ["https://www.courier.example/"]}, "origins[0]: 'https://www.courier.example/' is not an origin"),
    ({"origins": ["*"]}, "origins[0]: '*' is not an origin; write it like \"https://www.courier.example\"."),
    ({"inline": ["fbq"]}, "inline[0]: 'fbq' is in too many scripts; write at least 5 characters of code."),
    ({"inline": {"initCounter(": "couner"}}, "inline.initCounter(: 'couner' is no vendor of a purpose."),
    ({"inline": [5]}, "inline[0]: 5 is a number; accepted is text."),
    ({"skip": ["admin"]}, "skip[0]: 'admin' is not a path; write it like \"/admin\"."),
    (
        {"gpc_purposes": ["sale"]},
        "gpc_purposes[0]: unknown purpose 'sale'; known purposes: analytics, media, marketing",
    ),
    ({"cookies": {"theme": "looks"}}, "cookies.theme: unknown purpose 'looks'; known purposes: analytics"),
    # Durations and looks
    ({"grant_days": 0}, "grant_days: 0 is not a number of days from 1 to 400."),
    ({"refusal_days": 401}, "refusal_days: 401 is not a number of days from 1 to 400."),
    ({"ask_again": "1 November"}, "ask_again: '1 November' is not a day; write it like \"2026-11-01\"."),
    ({"notice_text": "long"}, 'notice_text: \'long\' is not known; accepted: "classic", "plain".'),
    ({"text_size": "zoom!"}, 'text_size: \'zoom!\' is not known; accepted: "any", "article", "root", "zoom", None.'),
    ({"mobile": "yes"}, 'mobile: \'yes\' is not known; accepted: "auto", "always", "device", None.'),
    ({"lock": "frames"}, 'lock: \'frames\' is not known; accepted: "off", "scripts", "all".'),
    ({"csp": "off"}, 'csp: \'off\' is not known; accepted: "edit", "never".'),
    ({"position": "left"}, 'position: \'left\' is not known; accepted: "bottom", "top", "static".'),
    ({"bar_position": "left"}, 'bar_position: \'left\' is not known; accepted: "start", "end".'),
]


@pytest.mark.parametrize(("options", "words"), MISTAKES, ids=[words[:60] for _, words in MISTAKES])
def test_a_mistake_is_named_and_mended(options: dict[str, Any], words: str) -> None:
    """
    Each mistake is one problem that names the key, what came, and what is accepted.
    """
    (problem,) = problems_of(lambda: courier(**options))

    assert words in problem


WRONG_KINDS = [
    ({"name": 5}, "name: 5 is a number; accepted is text."),
    ({"name": None}, "name: None is None; accepted is text."),
    ({"url": ["https://courier.example"]}, "url: ['https://courier.example'] is a list; accepted is text."),
    ({"secret": 5}, "secret: 5 is a number; accepted is text or a list."),
    ({"secret": [SECRET, 5]}, "secret[1]: 5 is a number; accepted is text."),
    (
        {"secret": b"x" * 40},
        "secret: b'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' is a bytes; accepted is text or a list.",
    ),
    ({"policies": PRIVACY}, "is a Policy; accepted is a list."),
    ({"policies": ["privacy"]}, "policies[0]: 'privacy' is text; accepted is a Policy."),
    (policy(version=20261101), "policies[1].version: 20261101 is a number; accepted is text."),
    (policy(title=["Terms"]), "policies[1].title: ['Terms'] is a list; accepted is text or a table."),
    (policy(title={"en": 1}), "policies[1].title.en: 1 is a number; accepted is text."),
    (policy(name=5, title="T"), "policies[1].name: 5 is a number; accepted is text."),
    ({"purposes": "analytics"}, "purposes: 'analytics' is text; accepted is a list."),
    ({"purposes": [None]}, "purposes[0]: None is None; accepted is a Purpose."),
    ({"purposes": {"analytics": []}}, "purposes: {'analytics': []} is a table; accepted is a list."),
    (
        {"purposes": [Purpose("analytics", vendors="google-analytics")]},
        "purposes[0].vendors: 'google-analytics' is text; accepted is a list.",
    ),
    (
        {"purposes": [Purpose("analytics", vendors=[5])]},  # type: ignore[list-item]
        "purposes[0].vendors[0]: 5 is a number; accepted is text or a Vendor.",
    ),
    (vendor(hosts="maps.example"), "purposes[0].vendors[0].hosts: 'maps.example' is text; accepted is a list."),
    (vendor(hosts=[None]), "purposes[0].vendors[0].hosts[0]: None is None; accepted is text."),
    (vendor(cookies=["_ga"]), "purposes[0].vendors[0].cookies: ['_ga'] is a list; accepted is a table."),
    (vendor(cookies={5: "1 year"}), "purposes[0].vendors[0].cookies.5: 5 is a number; accepted is text."),
    ({"grant_days": "180"}, "grant_days: '180' is text; accepted is a number."),
    ({"grant_days": True}, "grant_days: True is true or false; accepted is a number."),
    ({"refusal_days": 180.5}, "refusal_days: 180.5 is a fraction; accepted is a number."),
    ({"terms_required": 1}, "terms_required: 1 is a number; accepted is true or false."),
    ({"skip": "/admin"}, "skip: '/admin' is text; accepted is a list."),
    ({"origins": {"https://a.example"}}, "origins: {'https://a.example'} is a set; accepted is a list."),
    ({"cookies": ["theme"]}, "cookies: ['theme'] is a list; accepted is a table."),
    ({"texts": {"en": "Cookies"}}, "texts.en: 'Cookies' is text; accepted is a table."),
    ({"text_size": 100}, "text_size: 100 is a number; accepted is text or None."),
    ({"mobile": False}, "mobile: False is true or false; accepted is text or None."),
    ({"ask_again": None}, "ask_again: None is None; accepted is text."),
    ({"folder": 5}, "folder: 5 is a number; accepted is a Path."),
]


@pytest.mark.parametrize(("options", "words"), WRONG_KINDS, ids=[words[:60] for _, words in WRONG_KINDS])
def test_a_wrong_type_is_a_problem_like_any_other(options: dict[str, Any], words: str) -> None:
    """
    A value of the wrong type never crashes: it is one problem that says what it is and what is accepted.
    """
    (problem,) = problems_of(lambda: courier(**options))

    assert problem.endswith(words)


def test_every_option_refuses_what_is_of_no_kind() -> None:
    """
    Whatever object stands in whatever option, it is named, and all of them at once.
    """
    strange = object()

    problems = problems_of(lambda: Site(**dict.fromkeys(Site.options(), strange)))  # type: ignore[arg-type]

    named = [problem.partition(":")[0] for problem in problems]
    assert sorted(named) == sorted(Site.options())


def test_a_misspelt_option_is_answered_with_the_nearest() -> None:
    """
    An option that does not exist is a problem beside the others, not a TypeError.
    """
    problems = problems_of(lambda: courier(puposes=[], holding="all", zzzz=1))

    assert problems[0] == "puposes: is not an option. Did you mean 'purposes'?"
    assert problems[1].startswith("zzzz: is not an option. Accepted: name, url,")
    assert problems[2].startswith("holding: 'all' is not known")


def test_a_misspelt_option_alone_is_refused() -> None:
    """
    A site whose only mistake is a misspelling is not built.
    """
    assert problems_of(lambda: courier(gpc_purpose=[])) == [
        "gpc_purpose: is not an option. Did you mean 'gpc_purposes'?"
    ]


def test_all_problems_come_at_once() -> None:
    """
    An owner mends a configuration in one go: every problem is there, in the order of the options.
    """
    problems = problems_of(
        lambda: Site(
            name="",
            secret="short",
            log=5,  # type: ignore[arg-type]
            policies=[Policy("terms", kind="contract")],
            purposes=[
                Purpose(
                    "analytics", vendors=["no-such-company-anywhere", Vendor("maps", hosts=["https://maps.example"])]
                )
            ],
            holding="all",
            skip="/admin",
        )
    )

    assert [problem.partition(":")[0] for problem in problems] == [
        "log", "skip", "purposes[0].vendors[0]", "name", "controller", "contact", "secret", "policies[0].url",
        "policies[0].version", "policies[0].kind", "purposes[0].vendors[1].hosts[0]", "holding",
    ]  # fmt: skip


def test_a_wrong_type_hides_no_other_mistake_beside_it() -> None:
    """
    What stands beside an ill-typed value in the same table is checked all the same.
    """
    problems = problems_of(lambda: courier(**policy(url=5, version="", kind="contract")))

    assert [problem.partition(":")[0] for problem in problems] == [
        "policies[1].url", "policies[1].version", "policies[1].kind",
    ]  # fmt: skip


def test_a_cookie_that_outgrows_its_limit_is_refused() -> None:
    """
    A site whose fullest choice does not fit into 1 KiB says so when it is built, not when somebody accepts.
    """
    vendors = [Vendor(f"vendor-with-a-long-name-{n:02}", title="V") for n in range(40)]

    (problem,) = problems_of(lambda: courier(purposes=[Purpose("analytics", vendors=vendors)]))

    assert "the cookie that agrees to everything would have" in problem
    assert "1024 are the limit; declare fewer of the 40 vendors, or give them shorter ids." in problem


def test_closed_notices_and_insisted_purposes_count_for_the_size() -> None:
    """
    The fullest cookie also holds accepted and closed versions of every terms.
    """
    policies = [Policy(f"terms-{n}", url="/t", version="č" * 32, kind="terms", title="T") for n in range(3)]

    problems = problems_of(lambda: courier(policies=policies))

    assert problems[0].startswith("purposes: the cookie that agrees to everything would have")


def test_notices_take_no_room_in_the_cookie() -> None:
    """
    Policies that nobody accepts are not in the cookie.
    """
    policies = [Policy(f"policy-{n}", url="/t", version="č" * 32, title="T") for n in range(9)]

    assert len(courier(policies=policies).policies) == 9


def test_an_error_is_a_configuration_error_with_its_count() -> None:
    """
    The message counts the problems, so that an owner sees when there are fewer.
    """
    with pytest.raises(ConfigurationError, match=r"2 problems in the configuration:\n- url: .*\n- holding: "):
        courier(url="courier", holding="all", policies=[TERMS])
