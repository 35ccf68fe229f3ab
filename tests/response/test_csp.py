"""How our parts reach a page under the app's own policy, and that nothing else is ever loosened."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consentkit.response.csp import CSP, Hashes, deliver
from consentkit.response.delivery import INLINE, Delivery
from consentkit.response.headers import Fields, values

# No time is asserted: a shared machine is slow now and then.
law = settings(deadline=None)

OURS = Hashes(styles=("c3R5bGU=",), scripts=("c2NyaXB0",))
STYLE, SCRIPT = f"'sha256-{OURS.styles[0]}'", f"'sha256-{OURS.scripts[0]}'"
SHA = "'sha256-AAAA'"


def delivered(*policies: str) -> tuple[Delivery, list[str]]:
    """How our parts come, and the policies as they go out."""
    headers: Fields = [(CSP, policy.encode("latin-1")) for policy in policies]
    delivery, out = deliver(headers, OURS)
    return delivery, [value.decode("latin-1") for value in values(out, CSP)]


@pytest.mark.parametrize(
    ("policy", "delivery"),
    [
        pytest.param("img-src 'self'", INLINE, id="says nothing about us"),
        pytest.param("", INLINE, id="empty"),
        pytest.param("frame-ancestors 'none'; upgrade-insecure-requests; sandbox allow-scripts", INLINE, id="others"),
        pytest.param("default-src 'self' 'unsafe-inline'", INLINE, id="inline by default"),
        pytest.param("DEFAULT-SRC 'self' 'UNSAFE-INLINE'", INLINE, id="capitals"),
        pytest.param("script-src 'unsafe-inline'; style-src 'unsafe-inline'", INLINE, id="inline"),
        pytest.param(
            "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'", INLINE, id="by directive"
        ),
        pytest.param(
            "script-src 'none'; script-src-elem 'unsafe-inline'; style-src-elem 'unsafe-inline'", INLINE, id="elem"
        ),
        pytest.param("default-src 'nonce-abc'", Delivery(nonce="abc"), id="nonce by default"),
        pytest.param(
            "script-src 'nonce-abc' 'strict-dynamic' 'unsafe-inline' https:; style-src 'nonce-abc'",
            Delivery(nonce="abc"),
            id="strict policy",
        ),
        pytest.param("script-src 'nonce-a+b/c_d-e=='; style-src *", Delivery("a+b/c_d-e==", False, True), id="base64"),
        pytest.param("default-src 'self'", Delivery("", False, False), id="files"),
        pytest.param("default-src *", Delivery("", False, False), id="files from anywhere"),
        pytest.param("script-src 'self'; style-src 'unsafe-inline'", Delivery("", True, False), id="script as a file"),
        pytest.param("script-src 'unsafe-inline'; style-src 'self'", Delivery("", False, True), id="style as a file"),
        pytest.param("script-src 'self'", Delivery("", True, False), id="no word about style"),
        pytest.param("script-src 'nonce-abc'; style-src 'self'", Delivery("abc", False, True), id="nonce and file"),
        pytest.param(f"script-src 'self' 'unsafe-inline' {SHA}", Delivery("", True, False), id="a hash ends inline"),
        pytest.param(
            "style-src 'unsafe-inline' 'strict-dynamic'; script-src *",
            Delivery("", True, False),
            id="style is never dynamic",
        ),
    ],
)
def test_an_open_way_is_taken_without_an_edit(policy: str, delivery: Delivery) -> None:
    """
    Where a nonce, 'unsafe-inline' in force or our own files are admitted, the policy goes out byte for byte.
    """
    assert delivered(policy) == (delivery, [policy])


@pytest.mark.parametrize(
    ("policy", "edited"),
    [
        pytest.param(
            "default-src 'none'",
            f"default-src 'none'; style-src {STYLE}; script-src {SCRIPT}",
            id="nothing is admitted",
        ),
        pytest.param(
            "default-src https://cdn.example; img-src *",
            f"default-src https://cdn.example; img-src *; style-src https://cdn.example {STYLE};"
            f" script-src https://cdn.example {SCRIPT}",
            id="copied from default-src",
        ),
        pytest.param("script-src", f"script-src {SCRIPT}", id="an empty list is none"),
        pytest.param("style-src 'none'", f"style-src {STYLE}", id="style alone"),
        pytest.param(
            "script-src https://cdn.example; script-src-elem https://a.example",
            f"script-src https://cdn.example; script-src-elem https://a.example {SCRIPT}",
            id="the directive that decides",
        ),
        pytest.param(
            f"script-src {SHA} 'strict-dynamic' 'self'",
            f"script-src {SHA} 'strict-dynamic' 'self' {SCRIPT}",
            id="strict-dynamic by hash",
        ),
        pytest.param(
            "script-src 'strict-dynamic' 'unsafe-inline' 'self'",
            f"script-src 'strict-dynamic' 'unsafe-inline' 'self' {SCRIPT}",
            id="strict-dynamic ends inline",
        ),
        pytest.param(
            "script-src 'nonce-abc'; style-src 'nonce-xyz'",
            f"script-src 'nonce-abc' {SCRIPT}; style-src 'nonce-xyz'",
            id="another nonce for each",
        ),
        pytest.param(
            "Script-Src 'NONE'; IMG-SRC 'self'; script-src *",
            f"script-src {SCRIPT}; img-src 'self'",
            id="the first of two counts",
        ),
        pytest.param(
            "script-src\t'none' ;; report-uri /r ;",
            f"script-src {SCRIPT}; report-uri /r",
            id="blanks",
        ),
        pytest.param("script-src x\xa0'self'", f"script-src x\xa0'self' {SCRIPT}", id="no blank of ASCII"),
    ],
)  # fmt: skip
def test_where_no_way_is_open_our_hash_is_added(policy: str, edited: str) -> None:
    """
    Otherwise exactly our hash is added to the directive that decides, or to a copy of default-src.
    """
    _, out = delivered(policy)

    assert out == [edited]


def test_a_hash_is_never_added_beside_inline_in_force() -> None:
    """
    A hash would switch 'unsafe-inline' off and kill the page's own scripts and styles.
    """
    policy = "default-src 'strict-dynamic' 'unsafe-inline'; script-src 'none'"

    delivery, out = delivered(policy)

    assert delivery == INLINE
    assert out == [f"default-src 'strict-dynamic' 'unsafe-inline'; script-src {SCRIPT}"]


@pytest.mark.parametrize("separator", [", ", None], ids=["one header", "two headers"])
def test_every_policy_has_to_admit_us(separator: str | None) -> None:
    """
    Policies only intersect, so a way must be open in each: one admits inline only and the other files only, so the
    second one gets our hash.
    """
    policies = ["script-src 'unsafe-inline'", "script-src 'self'"]
    edited = [policies[0], f"script-src 'self' {SCRIPT}"]

    delivery, out = delivered(*policies) if separator is None else delivered(separator.join(policies))

    assert delivery == INLINE
    assert out == (edited if separator is None else [separator.join(edited)])


def test_policies_that_admit_the_same_file_are_not_edited() -> None:
    """
    A nonce in one policy and 'self' in the other both admit our file with that nonce.
    """
    policies = ["script-src 'nonce-abc'", "script-src 'self'"]

    assert delivered(*policies) == (Delivery(nonce="abc", script_inline=False), policies)


def test_only_the_policy_that_blocks_is_edited() -> None:
    """
    Of several policies those that admit us already stay as they are.
    """
    _, out = delivered("script-src 'unsafe-inline'", "script-src 'none', img-src *", "frame-src 'none'")

    assert out == ["script-src 'unsafe-inline'", f"script-src {SCRIPT}, img-src *", "frame-src 'none'"]


def test_a_report_only_policy_blocks_nothing() -> None:
    """
    Report-only policies are neither read nor edited, and neither is any other header.
    """
    headers: Fields = [(b"content-security-policy-report-only", b"default-src 'none'"), (b"x", b"script-src 'none'")]

    assert deliver(headers, OURS) == (INLINE, headers)


def test_other_headers_keep_their_place() -> None:
    """
    An edit changes the policy and nothing beside it.
    """
    headers: Fields = [(b"a", b"1"), (CSP, b"script-src 'none'"), (b"set-cookie", b"x=1"), (b"set-cookie", b"y=1")]

    _, out = deliver(headers, OURS)

    assert out == [headers[0], (CSP, f"script-src {SCRIPT}".encode()), *headers[2:]]


def test_an_owner_can_forbid_the_edit() -> None:
    """
    With edits forbidden every policy goes out byte for byte.
    """
    headers: Fields = [(CSP, b"default-src 'none'")]

    _, out = deliver(headers, OURS, may_edit=False)

    assert out == headers


# A model of what a policy admits, written from the standard and apart from the code.

SOURCES = st.sampled_from(
    [
        "'self'", "'none'", "'unsafe-inline'", "'strict-dynamic'", "'nonce-abc'", "'nonce-xyz'", SHA, "https:", "*",
        "https://cdn.example", "'UNSAFE-INLINE'", "'unsafe-eval'", "'unsafe-hashes'", "'report-sample'",
    ]
)  # fmt: skip
NAMES = st.sampled_from(
    [
        "default-src", "script-src", "script-src-elem", "script-src-attr", "style-src", "style-src-elem", "img-src",
        "style-src-attr", "Script-Src", "frame-src", "sandbox", "report-uri",
    ]
)  # fmt: skip
DIRECTIVES = st.builds(lambda name, sources: " ".join([name, *sources]), NAMES, st.lists(SOURCES, max_size=4))
POLICIES = st.lists(DIRECTIVES, min_size=1, max_size=5).map("; ".join)
CHAINS = {
    "script element": ("script-src-elem", "script-src", "default-src"),
    "script attribute": ("script-src-attr", "script-src", "default-src"),
    "style element": ("style-src-elem", "style-src", "default-src"),
    "style attribute": ("style-src-attr", "style-src", "default-src"),
    "image": ("img-src", "default-src"),
    "frame": ("frame-src", "child-src", "default-src"),
}


def parsed(policy: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for directive in policy.split(";"):
        words = directive.split()
        if words:
            found.setdefault(words[0].lower(), words[1:])
    return found


def sources_for(policy: dict[str, list[str]], use: str) -> list[str] | None:
    return next((policy[name] for name in CHAINS[use] if name in policy), None)


def inline_in_force(sources: list[str] | None, use: str) -> bool:
    """CSP3, 6.7.3.2: does a source list allow all inline behavior for type?"""
    if sources is None:
        return True
    lowered = [source.lower() for source in sources]
    if any(source.startswith(("'nonce-", "'sha256-", "'sha384-", "'sha512-")) for source in lowered):
        return False
    if use.startswith("script") and "'strict-dynamic'" in lowered:
        return False
    return "'unsafe-inline'" in lowered


@law
@given(st.lists(POLICIES, min_size=1, max_size=3))
def test_nothing_but_our_hash_is_ever_loosened(policies: list[str]) -> None:
    """
    For every use of every policy the sources after are the sources before, without a 'none' that is none any more,
    and at most our own hash beside them.
    """
    _, out = delivered(*policies)

    for before, after in zip(map(parsed, policies), map(parsed, out), strict=True):
        for use in CHAINS:
            was, now = sources_for(before, use), sources_for(after, use)
            if was is None or now is None:
                assert was == now
                continue
            ours = {"script": SCRIPT, "style": STYLE}.get(use.partition(" ")[0], "")
            assert [source for source in now if source != ours] == [
                source for source in was if source.lower() != "'none'" or source in now
            ]


@law
@given(st.lists(POLICIES, min_size=1, max_size=3))
def test_no_inline_script_of_the_page_is_switched_off(policies: list[str]) -> None:
    """
    What was in force for the page's own inline scripts, handlers and styles stays in force.
    """
    _, out = delivered(*policies)

    for before, after in zip(map(parsed, policies), map(parsed, out), strict=True):
        for use in ("script element", "script attribute", "style element", "style attribute"):
            was = inline_in_force(sources_for(before, use), use)
            assert inline_in_force(sources_for(after, use), use) is was


@law
@given(st.lists(POLICIES, min_size=1, max_size=3))
def test_what_is_delivered_inline_is_admitted(policies: list[str]) -> None:
    """
    After the edits every policy admits our parts in the way that was chosen.
    """
    delivery, out = delivered(*policies)

    for policy in map(parsed, out):
        for use, inline, ours in (
            ("script element", delivery.script_inline, SCRIPT),
            ("style element", delivery.style_inline, STYLE),
        ):
            sources = sources_for(policy, use)
            nonced = bool(delivery.nonce) and f"'nonce-{delivery.nonce}'" in (sources or [])
            if inline:
                assert nonced or ours in (sources or []) or inline_in_force(sources, use)
            else:
                lowered = [source.lower() for source in sources or ["'self'"]]
                assert nonced or {"'self'", "*"} & set(lowered)


@law
@given(st.lists(st.text(st.characters(max_codepoint=255), max_size=60), max_size=3))
def test_any_policy_has_a_delivery(policies: list[str]) -> None:
    """
    Whatever stands in the header, it is answered, and no other header is added.
    """
    _, out = delivered(*policies)

    assert len(out) == len(policies)
