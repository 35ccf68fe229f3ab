"""The registry: whose an address is, and what each vendor is called."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentkit.errors import UnknownVendor
from consentkit.registry import CATEGORIES, Entry, Registry, registry
from consentkit.registry.known import MAX_HOSTS, Row
from consentkit.vocabulary import BUILT_IN_PURPOSES, ID, Vendor

CATEGORY_TABLE = [
    ("ad", "marketing", False),
    ("marketing", "marketing", False),
    ("social", "marketing", False),
    ("analytics", "analytics", False),
    ("tag-manager", "analytics", False),
    ("video", "media", False),
    ("customer-success", "functional", False),
    ("content", "functional", False),
    ("cdn", None, True),
    ("hosting", None, True),
    ("utility", None, False),
    ("other", None, False),
    ("consent-provider", "unclassified", False),
]

#: The trackers met most often on the web, by an address of theirs.
COMMON_TRACKERS = [
    ("www.google-analytics.com/analytics.js", "google-analytics", "analytics"),
    ("region1.google-analytics.com/g/collect", "google-analytics", "analytics"),
    ("www.googletagmanager.com/gtag/js?id=G-ABC", "google-analytics", "analytics"),
    ("www.googletagmanager.com/gtm.js?id=GTM-ABC", "google-tag-manager", "analytics"),
    ("www.googletagmanager.com/gtag/js?id=AW-123", "google-ads", "marketing"),
    ("www.googleadservices.com/pagead/conversion.js", "google-ads", "marketing"),
    ("googleads.g.doubleclick.net/pagead/id", "google-ads", "marketing"),
    ("www.google.de/ads/ga-audiences", "google-ads", "marketing"),
    ("pagead2.googlesyndication.com/pagead/js/adsbygoogle.js", "adsense", "marketing"),
    ("securepubads.g.doubleclick.net/tag/js/gpt.js", "google-ad-manager", "marketing"),
    ("connect.facebook.net/en_US/fbevents.js", "meta-pixel", "marketing"),
    ("www.facebook.com/tr?id=1&ev=PageView", "meta-pixel", "marketing"),
    ("connect.facebook.net/en_US/sdk.js", "facebook", "marketing"),
    ("www.facebook.com/plugins/like.php", "facebook", "marketing"),
    ("platform.twitter.com/widgets.js", "x", "marketing"),
    ("static.ads-twitter.com/uwt.js", "x-ads", "marketing"),
    ("snap.licdn.com/li.lms-analytics/insight.min.js", "linkedin-insight", "marketing"),
    ("px.ads.linkedin.com/collect", "linkedin-insight", "marketing"),
    ("analytics.tiktok.com/i18n/pixel/events.js", "tiktok-pixel", "marketing"),
    ("www.tiktok.com/embed.js", "tiktok", "marketing"),
    ("ct.pinterest.com/v3/", "pinterest-tag", "marketing"),
    ("assets.pinterest.com/js/pinit.js", "pinterest", "marketing"),
    ("tr.snapchat.com/p", "snapchat", "marketing"),
    ("www.redditstatic.com/ads/pixel.js", "reddit-pixel", "marketing"),
    ("bat.bing.com/bat.js", "microsoft-ads", "marketing"),
    ("www.clarity.ms/tag/abc", "clarity", "analytics"),
    ("static.hotjar.com/c/hotjar-1.js", "hotjar", "analytics"),
    ("cdn.matomo.cloud/site/matomo.js", "matomo-cloud", "analytics"),
    ("static.cloudflareinsights.com/beacon.min.js", "cloudflare-web-analytics", "analytics"),
    ("plausible.io/js/script.js", "plausible", "analytics"),
    ("us-assets.i.posthog.com/static/array.js", "posthog", "analytics"),
    ("cdn.segment.com/analytics.js/v1/", "segment", "analytics"),
    ("cdn.amplitude.com/libs/amplitude.js", "amplitude", "analytics"),
    ("cdn.mxpnl.com/libs/mixpanel.js", "mixpanel", "analytics"),
    ("mc.yandex.ru/metrika/tag.js", "yandex-metrica", "analytics"),
    ("hm.baidu.com/hm.js", "baidu-analytics", "analytics"),
    ("static.chartbeat.com/js/chartbeat.js", "chartbeat", "analytics"),
    ("cdn.optimizely.com/js/1.js", "optimizely", "analytics"),
    ("edge.fullstory.com/s/fs.js", "fullstory", "analytics"),
    ("sb.scorecardresearch.com/beacon.js", "comscore", "analytics"),
    ("secure.quantserve.com/quant.js", "quantcast", "analytics"),
    ("assets.adobedtm.com/launch.min.js", "adobe-experience-cloud", "analytics"),
    ("dpm.demdex.net/id", "adobe-experience-cloud", "analytics"),
    ("js-agent.newrelic.com/nr.js", "new-relic", "analytics"),
    ("static.criteo.net/js/ld/ld.js", "criteo", "marketing"),
    ("cdn.taboola.com/libtrc/loader.js", "taboola", "marketing"),
    ("widgets.outbrain.com/outbrain.js", "outbrain", "marketing"),
    ("c.amazon-adsystem.com/aax2/apstag.js", "amazon-ads", "marketing"),
    ("ib.adnxs.com/seg", "appnexus", "marketing"),
    ("ads.pubmatic.com/AdServer/js/pwt.js", "pubmatic", "marketing"),
    ("match.adsrvr.org/track/cmf", "the-trade-desk", "marketing"),
    ("js.hs-scripts.com/1.js", "hubspot", "marketing"),
    ("static.klaviyo.com/onsite/js/klaviyo.js", "klaviyo", "marketing"),
    ("script.ioam.de/iam.js", "infonline", "analytics"),
]

OTHERS = [
    ("www.youtube.com/embed/abc", "youtube", "media"),
    ("www.youtube-nocookie.com/embed/abc", "youtube", "media"),
    ("player.vimeo.com/video/1", "vimeo", "media"),
    ("open.spotify.com/embed", "spotify", "media"),
    ("www.google.com/maps/embed?pb=1", "google-maps", "functional"),
    ("maps.googleapis.com/maps/api/js", "google-maps", "functional"),
    ("tile.openstreetmap.org/1/2/3.png", "openstreetmap", "functional"),
    ("fonts.googleapis.com/css2?family=Inter", "google-fonts", "functional"),
    ("use.typekit.net/abc.css", "adobe-fonts", "functional"),
    ("cdn.onesignal.com/sdks/OneSignalSDK.js", "onesignal", "functional"),
    ("widget.intercom.io/widget/abc", "intercom", "functional"),
    ("cdn.cookielaw.org/scripttemplates/otSDKStub.js", "onetrust", "unclassified"),
    ("consent.cookiebot.com/uc.js", "cookiebot", "unclassified"),
]

PASSING = [
    ("www.google.com/recaptcha/api.js", "recaptcha"),
    ("www.recaptcha.net/recaptcha/api.js", "recaptcha"),
    ("www.gstatic.com/recaptcha/releases/x.js", "recaptcha"),
    ("js.hcaptcha.com/1/api.js", "hcaptcha"),
    ("challenges.cloudflare.com/turnstile/v0/api.js", "turnstile"),
    ("js.stripe.com/v3/", "stripe"),
    ("www.paypal.com/sdk/js", "paypal"),
    ("checkoutshopper-live.adyen.com/x.js", "adyen"),
    ("js.klarna.com/web-sdk/v1/klarna.js", "klarna"),
    ("browser.sentry-cdn.com/7/bundle.js", "sentry"),
    ("cdn.jsdelivr.net/npm/x", "jsdelivr-cdn"),
    ("unpkg.com/x", "unpkg"),
    ("code.jquery.com/jquery.js", "jquery-cdn"),
    ("cdnjs.cloudflare.com/ajax/libs/x.js", "cloudflare-cdn"),
    ("ajax.googleapis.com/ajax/libs/x.js", "google-cdn"),
    ("res.cloudinary.com/demo/x.jpg", "cloudinary"),
    ("cdn.shopify.com/s/files/x.js", "shopify"),
    ("mycompany.okta.com/sign-in.js", "okta"),
]

WELL_KNOWN = [
    "google-analytics",
    "google-tag-manager",
    "google-ads",
    "adsense",
    "google-ad-manager",
    "google-maps",
    "google-fonts",
    "recaptcha",
    "facebook",
    "meta-pixel",
    "instagram",
    "x",
    "linkedin",
    "tiktok",
    "pinterest",
    "youtube",
    "vimeo",
    "hotjar",
    "clarity",
    "matomo-cloud",
    "hubspot",
    "hcaptcha",
    "stripe",
    "paypal",
    "criteo",
    "microsoft-ads",
    "plausible",
    "openstreetmap",
    "spotify",
    "soundcloud",
    "intercom",
    "zendesk",
]

UNKNOWN_USE = [
    "www.google.com/images/x.png",
    "apis.google.com/js/api.js",
    "github.com/x.js",
    "login.microsoft.com/x",
]

NOBODY = [
    "courier.example/x.js",
    "d111111abcdef8.cloudfront.net/x.js",
    "nothotjar.com/x.js",
    "hotjar.com.courier.example/x.js",
    "courier.example/?ref=www.google-analytics.com",
    "127.0.0.1/x.js",
    "[::1]/x.js",
    "localhost/x.js",
    "yandex.ru/search",
    "com/x.js",
    "/x.js",
]


def classify(address: str) -> Entry | None:
    host, slash, path = address.partition("/")
    return registry().classify(host, slash + path)


def found(address: str) -> Entry:
    entry = classify(address)
    assert entry is not None, address
    return entry


@pytest.mark.parametrize(("category", "purpose", "passes"), CATEGORY_TABLE, ids=[row[0] for row in CATEGORY_TABLE])
def test_what_follows_from_a_category(category: str, purpose: str | None, passes: bool) -> None:
    """
    Each category of the source has a purpose, passes, or is unknown, for a reason that is a sentence.
    """
    row = CATEGORIES[category]

    assert (row.purpose, row.passes) == (purpose, passes)
    assert row.reason.endswith(".")


def test_every_category_stands_in_the_table() -> None:
    """
    No category is without a row.
    """
    assert set(CATEGORIES) == {row[0] for row in CATEGORY_TABLE}


@pytest.mark.parametrize(
    ("address", "vendor", "purpose"),
    COMMON_TRACKERS + OTHERS,
    ids=[row[0] for row in COMMON_TRACKERS + OTHERS],
)
def test_what_is_held(address: str, vendor: str, purpose: str) -> None:
    """
    The common trackers, players, maps, fonts and consent tools are known by their addresses.
    """
    entry = found(address)

    assert (entry.vendor, entry.purpose, entry.passes) == (vendor, purpose, False)


@pytest.mark.parametrize(("address", "vendor"), PASSING, ids=[row[0] for row in PASSING])
def test_what_passes(address: str, vendor: str) -> None:
    """
    What a page needs passes, with a reason: payment, captchas, sign-in, error reports, libraries, hosting.
    """
    entry = found(address)

    assert (entry.vendor, entry.purpose, entry.passes) == (vendor, None, True)
    assert entry.reason.endswith(".")


@pytest.mark.parametrize("address", UNKNOWN_USE)
def test_a_company_whose_use_is_unknown(address: str) -> None:
    """
    Of some hosts only the company is known: they are neither held by it nor pass by it.
    """
    entry = found(address)

    assert (entry.purpose, entry.passes) == (None, False)


@pytest.mark.parametrize("address", NOBODY)
def test_what_nobody_has_described(address: str) -> None:
    """
    Lookalikes, addresses in a query, other customers of a host, IP addresses and single labels match nothing.
    """
    assert classify(address) is None


@pytest.mark.parametrize(
    "spelling",
    [
        "static.hotjar.com",
        "STATIC.HOTJAR.COM",
        "static.hotjar.com.",
        "static.hotj%61r.com",
        "ｓtatic.hotjar.com",
    ],
)
def test_how_a_host_is_spelt_does_not_matter(spelling: str) -> None:
    """
    A host is recognised in every spelling that a browser takes for it.
    """
    assert registry().classify(spelling, "/") is found("static.hotjar.com/")


@pytest.mark.parametrize(
    "path",
    ["/x/../recaptcha/../ads/y", "/./ads/y", "/x/%2e%2E/ads/y", "\\ads\\y", "/recaptcha/..\\ads/y"],
)
def test_a_detour_in_the_path_hides_nothing(path: str) -> None:
    """
    A path is judged as the browser will ask for it.
    """
    entry = registry().classify("www.google.com", path)

    assert entry is not None
    assert entry.vendor == "google-ads"


def test_a_consent_tool_says_so() -> None:
    """
    Another consent tool is flagged, so that someone can warn that there are two.
    """
    assert found("cdn.cookielaw.org/x.js").is_consent_tool
    assert not found("js.stripe.com/v3/").is_consent_tool


def test_an_answer_is_remembered() -> None:
    """
    Asking twice gives the same object.
    """
    assert found("static.hotjar.com/a") is found("static.hotjar.com/b")


def test_memory_is_bounded() -> None:
    """
    A page that names hosts without end does not fill the memory.
    """
    small = Registry({"a": Row("A", "ad", "", "", ["a.example"], {}, "", "")})

    for number in range(MAX_HOSTS + 10):
        small.classify(f"h{number}.a.example", "/")

    assert len(small._seen) <= MAX_HOSTS
    assert small.classify("a.example") is not None


@given(st.text(max_size=60), st.text(max_size=60))
def test_every_address_has_an_answer(host: str, path: str) -> None:
    """
    No host and no path make the matcher fail.
    """
    entry = registry().classify(host, path)

    assert entry is None or entry.vendor in registry()


def test_every_vendor_is_fit_to_be_declared() -> None:
    """
    Each key is a valid id, with a name, hosts, and a reason for what happens to it.
    """
    for key in registry():
        vendor, entry = registry().vendor(key), registry().entry(key)
        assert ID.match(key)
        assert vendor.title
        assert vendor.hosts, key
        assert entry.reason.endswith("."), key
        assert entry.purpose in (None, "unclassified", *BUILT_IN_PURPOSES)
        assert not (entry.passes and entry.purpose)


def test_every_host_leads_to_its_vendor() -> None:
    """
    No host belongs to two vendors: each pattern of a vendor is answered with that vendor.
    """
    patterns = [(pattern, key) for key in registry() for pattern in registry().vendor(key).hosts]

    assert len({pattern for pattern, _ in patterns}) == len(patterns)
    for pattern, key in patterns:
        assert found(pattern if "/" in pattern else pattern + "/").vendor == key, pattern


@pytest.mark.parametrize(
    "key",
    WELL_KNOWN,
)
def test_well_known_keys(key: str) -> None:
    """
    The keys that owners will guess exist.
    """
    vendor = registry().vendor(key)

    assert vendor.name == key
    assert key == "criteo" or vendor.privacy.startswith("https://")


def test_a_vendor_brings_what_its_owner_need_not_write() -> None:
    """
    A vendor has a name, hosts, cookies with lifetimes as people read them, and a privacy policy.
    """
    vendor = registry().vendor("google-analytics")

    assert isinstance(vendor, Vendor)
    assert vendor.title == "Google Analytics"
    assert {"google-analytics.com", "www.googletagmanager.com/gtag/"} <= set(vendor.hosts)
    assert vendor.cookies["_ga"] == "2 years"
    assert vendor.privacy == "https://policies.google.com/privacy"


def test_lifetimes_are_spelt_alike() -> None:
    """
    A lifetime is a number and a unit, `session`, `unlimited`, nothing, or in rare cases a sentence.
    """
    lifetimes = [life for key in registry() for life in registry().vendor(key).cookies.values()]
    usual = re.compile(r"(\d+ (second|minute|hour|day|week|month|year)s?|session|unlimited|)\Z")

    odd = [life for life in lifetimes if not usual.match(life)]

    assert len(odd) < len(lifetimes) / 25, odd


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        pytest.param("google-analitics", "google-analytics", id="misspelt"),
        pytest.param("twitter", "x", id="another name"),
        pytest.param("microsoft-clarity", "clarity", id="a longer name"),
        pytest.param("gtm", "google-tag-manager", id="an abbreviation"),
    ],
)
def test_an_unknown_key_names_the_nearest(name: str, nearest: str) -> None:
    """
    A misspelt key is an error that names the nearest keys, and not all of them.
    """
    with pytest.raises(UnknownVendor, match=f"Nearest: .*{nearest}.*consentkit vendors {name}") as raised:
        registry().vendor(name)

    assert raised.value.name == name
    assert raised.value.known[0] == nearest


def test_a_key_like_no_other() -> None:
    """
    Where nothing is near, the error says how to describe a vendor.
    """
    with pytest.raises(UnknownVendor, match=r"no key of the registry\. Search with"):
        registry().entry("zzzzqqqq")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        pytest.param("youtube", "youtube", id="key"),
        pytest.param("Google Analytics", "google-analytics", id="name"),
        pytest.param("static.hotjar.com", "hotjar", id="host"),
        pytest.param("https://www.googletagmanager.com/gtag/js?id=G-1", "google-analytics", id="address"),
        pytest.param("_ga", "google-analytics", id="cookie"),
        pytest.param("_pk_id.1.abc", "matomo-cloud", id="cookie under a pattern"),
        pytest.param("twitter", "x", id="another name"),
        pytest.param("hotj", "hotjar", id="beginning"),
        pytest.param("licdn", "linkedin", id="part of a host"),
        pytest.param("hjSession", "hotjar", id="part of a cookie"),
        pytest.param("otjar", "hotjar", id="part of a key"),
    ],
)
def test_search(text: str, first: str) -> None:
    """
    A vendor is found by key, name, host, address, cookie and former name; the best answer comes first.
    """
    answers = registry().search(text)

    assert answers[0].vendor.name == first
    assert len({answer.vendor.name for answer in answers}) == len(answers)


@pytest.mark.parametrize("text", ["", "   ", "no such company anywhere"])
def test_search_without_answer(text: str) -> None:
    """
    What is not known has no answer.
    """
    assert registry().search(text) == []


def test_the_size_of_the_registry() -> None:
    """
    The registry answers like a collection of keys.
    """
    assert len(registry()) == len(set(registry())) > 2000
    assert "youtube" in registry()
    assert "you tube" not in registry()
