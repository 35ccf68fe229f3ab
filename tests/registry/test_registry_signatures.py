"""Inline snippets are known by their code, and ordinary scripts are let alone."""

from __future__ import annotations

import re

import pytest

from consentkit.registry import registry
from consentkit.registry.signatures import CALLS, SIGNATURES, STUBS
from consentkit.rewrite import Held, Signatures

whose = Signatures(SIGNATURES, lambda vendor: Held("analytics", vendor))


def vendor_of(script: str) -> str | None:
    held = whose(script.encode())
    return held.vendor if held else None


@pytest.mark.parametrize(("vendor", "fragments"), SIGNATURES, ids=[f"{v}: {f[0].decode()}" for v, f in SIGNATURES])
def test_each_row_knows_its_vendor(vendor: str, fragments: tuple[bytes, ...]) -> None:
    """
    Each row names a vendor of the registry and matches by all of its fragments; no host alone is one.
    """
    assert vendor_of(b" ".join(fragments).decode()) == vendor
    assert registry().vendor(vendor).name == vendor
    assert registry().entry(vendor).purpose
    assert len(fragments) > 1 or not fragments[0].endswith((b".com", b".net", b".org", b".ru"))
    for left_out in fragments:
        assert whose(b" ".join(f for f in fragments if f != left_out)) is None or len(fragments) == 1


SNIPPETS = {
    "google-analytics": (
        "window.dataLayer=window.dataLayer||[];function gtag(){dataLayer.push(arguments)}gtag('js',new Date());"
        "gtag('config','G-X');"
    ),
    "google-tag-manager": (
        "(function(w,d,s,l,i){w[l]=w[l]||[];w[l].push({'gtm.start':new Date().getTime(),event:'gtm.js'});"
        "var f=d.getElementsByTagName(s)[0],j=d.createElement(s);"
        "j.src='https://www.googletagmanager.com/gtm.js?id='+i;})(window)"
    ),
    "meta-pixel": (
        "!function(f,b,e,v,n,t,s){if(f.fbq)return;n=f.fbq=function(){};if(!f._fbq)f._fbq=n;t=b.createElement(e);t.src=v}"
        "(window,document,'script','https://connect.facebook.net/en_US/fbevents.js');fbq('init','1');"
    ),
    "hotjar": "(function(h,o,t,j,a,r){h.hj=h.hj||function(){};h._hjSettings={hjid:1,hjsv:6};})(window,document)",
    "clarity": (
        "(function(c,l,a,r,i,t,y){c[a]=c[a]||function(){};t=l.createElement(r);t.src='https://www.clarity.ms/tag/'+i})"
        "(window)"
    ),
    "matomo-cloud": "var _paq=window._paq=window._paq||[];_paq.push(['trackPageView']);var u='//stats.example/'",
    "tiktok-pixel": "!function(w,d,t){w.TiktokAnalyticsObject=t;var ttq=w[t]=w[t]||[]}(window,document,'ttq')",
    "linkedin-insight": "_linkedin_partner_id='1';window._linkedin_data_partner_ids=[];",
    "pinterest-tag": "!function(e){}('https://s.pinimg.com/ct/core.js');pintrk('load','1');pintrk('page');",
    "snapchat": "(function(e,t,n){if(e.snaptr)return})(window);snaptr('init','x');",
    "x-ads": "!function(e,t,n,s,u,a){e.twq||(s=e.twq=function(){})}(window);twq('config','x');",
    "microsoft-ads": "(function(w,d,t,r,u){w[u]=w[u]||[];var o={ti:'1'};o.q=w[u],w[u]=new UET(o)})(window)",
    "hubspot": "var _hsq=window._hsq=window._hsq||[];_hsq.push(['setPath','/x'])",
    "segment": "!function(){var analytics=window.analytics=[];analytics.SNIPPET_VERSION='4.15';analytics.load('k')}()",
    "mixpanel": "mixpanel.init('token',{debug:true})",
    "amplitude": "amplitude.init('key')",
    "heap": "window.heap=window.heap||[];heap.load('1')",
    "fullstory": "window['_fs_org']='X';window['_fs_namespace']='FS';",
    "yandex-metrica": (
        "(function(m,e,t,r,i,k,a){k=e.createElement(t);k.src=r})"
        "(window,document,'script','https://mc.yandex.ru/metrika/tag.js','ym')"
    ),
}


@pytest.mark.parametrize(("vendor", "script"), SNIPPETS.items(), ids=SNIPPETS)
def test_snippets_as_vendors_give_them_are_known(vendor: str, script: str) -> None:
    """
    The code that a vendor tells its customers to paste is theirs.
    """
    assert vendor_of(script) == vendor


ORDINARY = {
    "a share link": "var share='https://www.facebook.com/sharer.php?u='+location.href",
    "a host in a state": 'window.__STATE__={"cdn":"https://www.googletagmanager.com","fb":"connect.facebook.net"}',
    "a string with a tag": "var html='<script src=\"https://static.hotjar.com/c/hotjar-1.js\"><\\/script>'",
    "a queue that is only made": "window.dataLayer = window.dataLayer || [];",
    "a word in a text": "var text='We use Hotjar, Clarity and gtag to measure.'",
    "a list of hosts": "var allowed=['static.hotjar.com','cdn.mxpnl.com','snap.licdn.com']",
    "an own element": "document.createElement('div').className='facebook'",
    "a jQuery page": "jQuery(function($){$('.menu').toggle()})",
    "an own heap": "var heap=[];heap.push(1)",
    "an own segment": "var segments=analytics||{};",
    "consent asked elsewhere": "if(window.fbq){console.log('pixel')}",
    "nothing": "",
}


@pytest.mark.parametrize("script", ORDINARY.values(), ids=ORDINARY)
def test_a_script_that_only_names_a_host_is_left(script: str) -> None:
    """
    Who speaks of a vendor, links to it or lists its hosts is not its snippet.
    """
    assert vendor_of(script) is None


def test_what_is_agreed_to_passes() -> None:
    """
    A vendor whose snippets need not wait is not looked for, and the next one is.
    """
    agreed = Signatures(SIGNATURES, lambda vendor: None if vendor == "hotjar" else Held("marketing"))

    assert agreed(b"window.hj=1") is None
    assert agreed(b"window.hj=1;fbq('init',1)") == Held("marketing")


def test_forty_vendors_are_known() -> None:
    """
    The table covers the snippets that are met most.
    """
    assert len({vendor for vendor, _ in SIGNATURES}) >= 40


def test_stubs_are_named_by_their_kind_and_vendor() -> None:
    """
    Each vendor with stand-ins is one whose snippets or files are known, and each stand-in is a name and a kind.
    """
    assert all(vendor in registry() for vendor in STUBS)
    assert all(re.fullmatch(r"[A-Za-z_]+(\(\)|\[\]|\{\})", stub) for stubs in STUBS.values() for stub in stubs.split())


def test_only_what_a_snippet_speaks_of_is_stood_in_for() -> None:
    """
    A snippet of one product of a vendor makes no globals of another.
    """
    known = Signatures(SIGNATURES, lambda vendor: Held("analytics", vendor, STUBS.get(vendor, "")))

    held = known(b"window.dataLayer=window.dataLayer||[];function gtag(){}gtag('js',new Date())")
    assert held is not None
    assert held.stubs == "dataLayer[] gtag()"


def test_who_claims_a_snippet_that_nobody_declares() -> None:
    """
    Asked only where no vendor is declared for the row, with the row's vendor and the script; its word counts.
    """
    asked = []

    def unclaimed(vendor: str, script: bytes) -> Held | None:
        asked.append((vendor, script))
        return None if b"own" in script else Held("analytics", "mine")

    known = Signatures(SIGNATURES, lambda v: Held("marketing", v if v == "hotjar" else None), unclaimed)

    assert known(b"window.hj=1") == Held("marketing", "hotjar")
    assert known(b"_paq.push(1)") == Held("analytics", "mine")
    assert known(b"_paq.push('own')") is None
    assert [vendor for vendor, _ in asked] == ["matomo-cloud", "matomo-cloud"]


def test_calls_are_rows() -> None:
    """
    What a page's own code may say in between is what a snippet is known by elsewhere, and has a stand-in.
    """
    alone = {fragments[0]: vendor for vendor, fragments in SIGNATURES if len(fragments) == 1}

    assert alone.keys() >= CALLS
    assert all(STUBS.get(alone[call]) for call in CALLS)


SAYS = {
    "a form that reports": ("function send(f){fbq('track','Lead');f.submit()}", True),
    "a button that reports": ("document.querySelector('#buy').onclick=()=>gtag('event','buy')", True),
    "a line that reports": ("fbq('track','ViewContent',{value:1});", False),
    "a queue of commands": ("var _paq=window._paq||[];_paq.push(['trackPageView']);", False),
    "a loader in other words": (
        "function go(){var e=document.createElement('script');e.src=u}_qevents.push({})",
        False,
    ),
    "a snippet that reports, too": ("!function(f){f._fbq=1}(window);fbq('init',1);fbq('track','PageView')", False),
}


@pytest.mark.parametrize(("script", "runs"), SAYS.values(), ids=SAYS)
def test_code_that_also_tells_a_vendor_something_runs(script: str, runs: bool) -> None:
    """
    A page's own code is not held for a call in it; a snippet is, and so is what does nothing but call.
    """
    known = Signatures(SIGNATURES, lambda vendor: Held("-", vendor, STUBS.get(vendor, "")), None, CALLS)
    held = known(script.encode())

    assert held is not None
    assert held.runs is runs
    assert held.stubs
