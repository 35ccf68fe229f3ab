"""How vendors' snippets are known in an inline script: pieces of code that nothing else has.

A row is a vendor of the registry and fragments, all of which must be there. What a fragment may be:
- a call of the vendor's own function with its own arguments (`fbq('init'`, `_paq.push(`);
- the global that its loader makes, as it makes it (`window.hj=`); or
- the vendor's script file in a string, together with what puts it into the page (`.createElement`).

Never a host alone: a quarter of the inline scripts on real pages name one, in a menu, a share link or a state.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

#: What a loader does with the address that it has.
_LOADS = b".createElement"

_CALLS = {
    "google-analytics": (
        "gtag('config'|gtag(\"config\"|gtag('event'|gtag(\"event\"|gtag('js'|gtag(\"js\"|ga('create'|ga(\"create\"|"
        "ga('send'|ga(\"send\"|_gaq.push(|_gat._getTracker(|GoogleAnalyticsObject"
    ),
    "google-tag-manager": "'gtm.start'|\"gtm.start\"|gtm.start:",
    "meta-pixel": "fbq('init'|fbq(\"init\"|fbq('track|fbq(\"track|_fbq=|_fbq =|window._fbq",
    "hotjar": "_hjSettings|window.hj=|hj('event'|hj(\"event\"",
    "clarity": "clarity('set'|clarity(\"set\"|clarity('event'|clarity(\"event\"",
    "matomo-cloud": "_paq.push(|_paq = window._paq|_mtm.push(|_mtm = window._mtm|Matomo.getTracker(|Piwik.getTracker(",
    "tiktok-pixel": "TiktokAnalyticsObject|ttq.load(|ttq.track(|ttq.page(",
    "linkedin-insight": "_linkedin_partner_id|_linkedin_data_partner_ids|lintrk(",
    "pinterest-tag": "pintrk('load'|pintrk(\"load\"|pintrk('track'|pintrk(\"track\"|window.pintrk=",
    "snapchat": "snaptr('init'|snaptr(\"init\"|snaptr('track'|snaptr(\"track\"|e.snaptr",
    "x-ads": "twq('config'|twq(\"config\"|twq('init'|twq(\"init\"|twq('track'|twq(\"track\"|twq('event'|e.twq",
    "microsoft-ads": "new UET(|window.uetq|uetq.push(",
    "hubspot": "_hsq.push(|_hsq = window._hsq|hbspt.forms.create(",
    "segment": "analytics.SNIPPET_VERSION|analytics.load(|analytics._writeKey",
    "mixpanel": "mixpanel.init(|mixpanel.track(|window.mixpanel=|.mixpanel=",
    "amplitude": "amplitude.init(|amplitude.getInstance(|amplitude.track(|amplitude.logEvent(|e.amplitude",
    "heap": "heap.load(|heap.track(|window.heap=",
    "fullstory": "_fs_namespace|window['_fs_org']|window._fs_org|FS.identify(",
    "yandex-metrica": "ym.l=|yandex_metrika_callbacks|new Ya.Metrika|Ya.Metrika2",
    "criteo": "criteo_q.push(|window.criteo_q",
    "taboola": "_taboola.push(|window._taboola",
    "outbrain": "obApi('track'|obApi(\"track\"|OB_ADV_ID",
    "quora-ads": "qp('init'|qp(\"init\"|qp('track'|qp(\"track\"",
    "reddit-pixel": "rdt('init'|rdt(\"init\"|rdt('track'|rdt(\"track\"",
    "adroll": "adroll_adv_id|adroll_pix_id|__adroll",
    "intercom": "window.intercomSettings|Intercom('boot'|Intercom(\"boot\"",
    "drift": "drift.load(|drift.SNIPPET_VERSION",
    "vwo": "_vwo_code|_vis_opt_account_id|window.VWO",
    "chartbeat": "_sf_async_config|_cbq.push(",
    "comscore": "_comscore.push(|_comscore = _comscore",
    "quantcast": "_qevents.push(|_qevents = _qevents",
    "klaviyo": "_learnq.push(|_learnq = window._learnq",
    "posthog": "posthog.init(|posthog.capture(",
    "smartlook": "smartlook('init'|smartlook(\"init\"",
    "mouseflow": "_mfq.push(|window._mfq",
    "lucky-orange": "__lo_site_id|window.__lo_cs_added",
    "kissmetrics": "_kmq.push(|var _kmq",
    "statcounter": "sc_project=|sc_project =",
    "clicky": "clicky_site_ids",
    "inspectlet": "__insp.push(|window.__insp",
    "baidu-analytics": "_hmt.push(|var _hmt",
    "parse-ly": "PARSELY.autotrack|window.PARSELY",
    "contentsquare": "_uxa.push(|window._uxa",
}

_LOADERS = {
    "google-analytics": "google-analytics.com/analytics.js|google-analytics.com/ga.js|googletagmanager.com/gtag/js",
    "google-tag-manager": "googletagmanager.com/gtm.js",
    "meta-pixel": "connect.facebook.net",
    "hotjar": "static.hotjar.com",
    "clarity": "clarity.ms/tag",
    "matomo-cloud": "matomo.js|piwik.js|matomo.php|piwik.php",
    "tiktok-pixel": "analytics.tiktok.com",
    "linkedin-insight": "snap.licdn.com",
    "pinterest-tag": "s.pinimg.com/ct/",
    "snapchat": "sc-static.net/scevent",
    "x-ads": "static.ads-twitter.com",
    "microsoft-ads": "bat.bing.com/bat.js",
    "hubspot": "js.hs-scripts.com|js.hs-analytics.net",
    "segment": "cdn.segment.com/analytics.js",
    "mixpanel": "cdn.mxpnl.com",
    "amplitude": "cdn.amplitude.com",
    "heap": "cdn.heapanalytics.com",
    "fullstory": "edge.fullstory.com",
    "yandex-metrica": "mc.yandex.ru/metrika|mc.yandex.ru/watch",
    "crazy-egg": "script.crazyegg.com",
    "adroll": "s.adroll.com",
    "taboola": "cdn.taboola.com/libtrc",
    "baidu-analytics": "hm.baidu.com/hm.js",
    "new-relic": "js-agent.newrelic.com",
    "vk": "vk.com/js/api/openapi.js",
    "tawk-to": "embed.tawk.to",
    "marketo": "munchkin.marketo.net",
    "pardot": "pi.pardot.com/pd.js|.pardot.com/pd.js",
    "smartlook": "rec.smartlook.com|web-sdk.smartlook.com",
    "lucky-orange": "tools.luckyorange.com|d10lpsik1i8c69.cloudfront.net",
}

_IN_BETWEEN = (
    "gtag('event'|gtag(\"event\"|ga('send'|ga(\"send\"|_gaq.push(|fbq('track|fbq(\"track|hj('event'|hj(\"event\"|"
    "clarity('set'|clarity(\"set\"|clarity('event'|clarity(\"event\"|_paq.push(|_mtm.push(|ttq.track(|ttq.page(|"
    "lintrk(|pintrk('track'|pintrk(\"track\"|snaptr('track'|snaptr(\"track\"|twq('track'|twq(\"track\"|twq('event'|"
    "uetq.push(|_hsq.push(|hbspt.forms.create(|mixpanel.track(|amplitude.track(|amplitude.logEvent(|"
    "amplitude.getInstance(|heap.track(|FS.identify(|criteo_q.push(|_taboola.push(|obApi('track'|obApi(\"track\"|"
    "qp('track'|qp(\"track\"|rdt('track'|rdt(\"track\"|Intercom('boot'|Intercom(\"boot\"|_cbq.push(|_comscore.push(|"
    "_qevents.push(|_learnq.push(|posthog.capture(|_mfq.push(|_kmq.push(|__insp.push(|_hmt.push(|_uxa.push("
)

#: Of the calls above those that a page's own code makes in between, at a button or in a form. Code that does more than
#: that is no snippet: it runs, and what it tells waits in a stand-in.
CALLS = frozenset(call.encode() for call in _IN_BETWEEN.split("|"))

#: The globals that a vendor's scripts make and that other scripts of a page call, each with its kind: `fbq()` is a
#: function, `_paq[]` a queue, `mixpanel{}` an object with functions. A page gets stand-ins for those of what is held.
STUBS: Mapping[str, str] = {
    "google-analytics": "dataLayer[] gtag() ga() _gaq[]",
    "google-tag-manager": "dataLayer[] gtag()",
    "meta-pixel": "fbq() _fbq()",
    "hotjar": "hj()",
    "clarity": "clarity()",
    "matomo-cloud": "_paq[] _mtm[] Matomo{} Piwik{}",
    "tiktok-pixel": "ttq{}",
    "linkedin-insight": "lintrk()",
    "pinterest-tag": "pintrk()",
    "snapchat": "snaptr()",
    "x-ads": "twq()",
    "microsoft-ads": "uetq[]",
    "hubspot": "_hsq[] hbspt{}",
    "segment": "analytics{}",
    "mixpanel": "mixpanel{}",
    "amplitude": "amplitude{}",
    "heap": "heap{}",
    "fullstory": "FS{}",
    "yandex-metrica": "ym()",
    "criteo": "criteo_q[]",
    "taboola": "_taboola[]",
    "outbrain": "obApi()",
    "quora-ads": "qp()",
    "reddit-pixel": "rdt()",
    "intercom": "Intercom()",
    "drift": "drift{}",
    "vwo": "VWO[]",
    "chartbeat": "_cbq[]",
    "comscore": "_comscore[]",
    "quantcast": "_qevents[]",
    "klaviyo": "_learnq[] klaviyo{}",
    "posthog": "posthog{}",
    "smartlook": "smartlook()",
    "mouseflow": "_mfq[]",
    "kissmetrics": "_kmq[]",
    "inspectlet": "__insp[]",
    "baidu-analytics": "_hmt[]",
    "parse-ly": "PARSELY{}",
    "contentsquare": "_uxa[]",
    "new-relic": "newrelic{}",
    "vk": "VK{}",
}


def _rows() -> Iterator[tuple[str, tuple[bytes, ...]]]:
    for vendor, calls in _CALLS.items():
        yield from ((vendor, (call.encode(),)) for call in calls.split("|"))
    for vendor, files in _LOADERS.items():
        yield from ((vendor, (_LOADS, file.encode())) for file in files.split("|"))


#: (vendor, fragments that a script of theirs has, all of them), in the order in which they are tried.
SIGNATURES: tuple[tuple[str, tuple[bytes, ...]], ...] = tuple(_rows())
