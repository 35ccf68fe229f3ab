"""What the common companies do, as kinds of service: one sentence for each kind, in every language.

The registry's category decides what is held; a kind says to a reader what happens. The sentence is the message
`kind.<name>`. A company that does several things has the kind that says most about what it does with the reader.
Who is in no kind is shown without a sentence: none is better than one that is not true.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from consentkit.registry.known import Registry
from consentkit.vocabulary import Vendor

#: Each kind with the registry keys of those who do it.
SERVICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "audience": (
            "adobe-experience-cloud", "amplitude", "chartbeat", "clicky", "cloudflare-web-analytics", "comscore",
            "etracker", "fathom", "goatcounter", "google-analytics", "gosquared", "heap", "histats", "infonline",
            "kissmetrics", "mapp-intelligence", "matomo-cloud", "mixpanel", "parse-ly", "piano-analytics", "piwik",
            "plausible", "posthog", "quantcast", "simple-analytics", "snowplow", "statcounter", "umami", "woopra",
            "wordpress-stats", "yandex-metrica",
        ),
        "tags": (
            "ensighten", "ensighten-manage", "google-tag-manager", "mparticle", "rudderstack", "segment", "tealium",
        ),
        "recordings": (
            "clarity", "contentsquare", "crazy-egg", "fullstory", "hotjar", "inspectlet", "logrocket", "lucky-orange",
            "mouseflow", "quantum-metric", "sessioncam", "smartlook",
        ),
        "experiments": ("ab-tasty", "convert", "google-optimize", "kameleoon", "optimizely", "vwo"),
        "ads": (
            "adsense", "amazon-ads", "appnexus", "google-ad-manager", "index-exchange", "media-net", "onetag", "openx",
            "pubmatic", "rubicon-project", "sharethrough", "smart-adserver", "sovrn", "teads", "triplelift",
        ),
        "ad_interests": (
            "adform", "adroll", "bluekai", "criteo", "lotame", "outbrain", "taboola", "the-trade-desk",
        ),
        "ad_results": (
            "amazon-associates", "awin", "doubleverify", "impact", "integral-ad-science", "moat", "rakuten-linkshare",
            "tradedoubler",
        ),
        "ad_pixel": (
            "google-ads", "linkedin-insight", "meta-pixel", "microsoft-ads", "pinterest-tag", "quora-ads",
            "reddit-pixel", "snapchat", "tiktok-pixel", "x-ads",
        ),
        "video": ("brightcove", "dailymotion", "flowplayer", "jw-player", "twitch", "vidyard", "vimeo", "wistia", "youtube"),
        "audio": ("apple-podcasts", "soundcloud", "spotify"),
        "maps": ("bing-maps", "google-maps", "here-maps", "mapbox", "maptiler", "openstreetmap"),
        "social": (
            "addthis", "addtoany", "facebook", "instagram", "linkedin", "pinterest", "reddit", "sharethis", "tiktok",
            "tumblr", "x",
        ),
        "chat": (
            "chatwoot", "crisp", "drift", "freshchat", "help-scout", "intercom", "jivochat", "livechat", "olark",
            "salesforce-live-agent", "smartsupp", "snapengage", "tawk-to", "tidio", "zendesk",
        ),
        "fonts": ("adobe-fonts", "font-awesome", "google-fonts", "monotype"),
        "forms": ("jotform", "polldaddy", "qualtrics", "surveymonkey", "survicate", "typeform", "wufoo"),
        "email": ("aweber", "brevo", "constant-contact", "getresponse", "mailchimp", "omnisend"),
        "contacts": ("activecampaign", "braze", "customer-io", "hubspot", "klaviyo", "marketo", "pardot"),
        "push": ("onesignal", "pushcrew"),
        "comments": ("coral", "disqus"),
        "errors": (
            "appdynamics", "bugsnag", "datadog-rum", "dynatrace", "mpulse", "new-relic", "raygun", "rollbar", "sentry",
            "trackjs",
        ),
        "booking": ("calendly",),
        "bots": ("hcaptcha", "recaptcha"),
    }
)  # fmt: skip


def service_of(vendor: Vendor) -> str:
    """The kind of service of a vendor, "" when nobody has said it.

    A vendor that an owner describes has the kind of the registry's company of that id only if it has a host of
    it: a house number called `x` is no social network.
    """
    kind = _kinds().get(vendor.name, "")
    if not kind:
        return ""
    theirs = Registry.shipped().vendor(vendor.name).hosts
    return kind if any(host in theirs for host in vendor.hosts) else ""


@cache
def _kinds() -> Mapping[str, str]:
    return MappingProxyType({key: kind for kind, keys in SERVICES.items() for key in keys})
