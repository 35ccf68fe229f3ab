"""Cookies by name: which are a tracker's, which the site can't do without, and what the database says.

`Set-Cookie` is gated by `GATED` alone, a short list of trackers that write to the site's *own* domain, and by
what the owner adds. The Open Cookie Database describes and never gates: by its names Django's `sessionid` is
Instagram's. `NECESSARY` lists what frameworks need; it passes in every mode.

A pattern has at most one `*`. The prefixes `__Host-` and `__Secure-` change nothing about what a cookie is
for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import NamedTuple, TypeVar

from consentkit.bounded import remembering
from consentkit.registry.known import covers_name, read_data

# Names remembered. A site sets some dozens of cookies; visitors can send any.
MAX_NAMES = 1024
LONGEST_NAME = 100  # characters


@dataclass(frozen=True)
class GatedCookie:
    """A tracker's cookie on the site's own domain: held until `vendor` (a registry key) is agreed."""

    pattern: str
    purpose: str
    vendor: str


@dataclass(frozen=True)
class NecessaryCookie:
    """A cookie without which the site does not work. `maker` sets it, `use` says what for."""

    pattern: str
    maker: str
    use: str


@dataclass(frozen=True)
class CookieFact:
    """What the Open Cookie Database says of a name; other companies may use the same. Describes, never gates.

    `vendor` is a registry key or "". `lifetime` reads `2 years` or `session`; "" when the database does not
    know it.
    """

    name: str
    platform: str
    vendor: str
    purpose: str
    lifetime: str
    description: str


class Fact(NamedTuple):
    """One line's answer in `data/cookies.json`."""

    platform: str
    vendor: str
    purpose: str
    lifetime: str
    description: str


def _of(vendor: str, purpose: str, patterns: str) -> Iterator[GatedCookie]:
    return (GatedCookie(pattern, purpose, vendor) for pattern in patterns.split())


#: Sources: each vendor's own cookie documentation. A name goes in only if it can be nobody else's: hence no
#: `_s` or `_y` (Shopify), no `visitor_id*` (Pardot), no `uid`.
GATED: tuple[GatedCookie, ...] = (
    # Google writes first-party cookies from gtag.js, and from a server container (FP…).
    *_of("google-analytics", "analytics", "_ga _ga_* _gid _gat _gat_* _dc_gtm_* AMP_TOKEN FPID FPLC"),
    *_of("google-analytics", "analytics", "__utma __utmb __utmc __utmt __utmt_* __utmv __utmz"),
    *_of("google-optimize", "analytics", "_gaexp _gaexp_rc _opt_awcid _opt_awgid _opt_awkid _opt_awmid"),
    *_of("google-optimize", "analytics", "_opt_expid _opt_utmc"),
    *_of("google-ads", "marketing", "_gcl_* _gac_* FPAU FPGCLAW FPGCLDC FPGCLGB FPGCLGS FPGSID"),
    *_of("adsense", "marketing", "__gads __gpi __gpi_optout __gsas __eoi GoogleAdServingTest"),
    *_of("meta-pixel", "marketing", "_fbp _fbc"),
    *_of("hotjar", "analytics", "_hj*"),
    *_of("matomo-cloud", "analytics", "_pk_*"),
    *_of("clarity", "analytics", "_clck _clsk"),
    *_of("microsoft-ads", "marketing", "_uetsid _uetvid _uetsid_exp _uetvid_exp _uetmsclkid"),
    *_of("tiktok-pixel", "marketing", "_ttp _tt_enable_cookie ttcsid ttcsid_*"),
    *_of("pinterest-tag", "marketing", "_pin_unauth _pinterest_ct_ua _derived_epik _epik"),
    *_of("hubspot", "marketing", "__hstc hubspotutk __hssc __hssrc"),
    *_of("linkedin-insight", "marketing", "li_fat_id li_giant ln_or"),
    *_of("snapchat", "marketing", "_scid _scid_r _sctr _screload"),
    *_of("x-ads", "marketing", "_twpid _twclid"),
    *_of("reddit-pixel", "marketing", "_rdt_uuid _rdt_cid _rdt_em"),
    *_of("criteo", "marketing", "cto_bundle cto_bidid cto_tld_test cto_optout"),
    *_of("adroll", "marketing", "__adroll __adroll_fpc __adroll_shared __ar_v4"),
    *_of("taboola", "marketing", "taboola_session_id taboola_usg _tb_sess_r _tb_t_ppg trc_cookie_storage"),
    *_of("outbrain", "marketing", "outbrain_cid_fetch outbrain_dicbo_id _obuid"),
    *_of("awin", "marketing", "_aw_m_* _aw_j_* _aw_sn_* _aw_xid"),
    *_of("impact", "marketing", "IR_gbd IR_PI"),
    *_of("cj-affiliate", "marketing", "cje cjConsent cjUser"),
    *_of("quantcast", "marketing", "__qca"),
    *_of("comscore", "analytics", "_scor_uid"),
    *_of("lotame", "marketing", "_cc_id panoramaId panoramaId_expiry panoramaIdType"),
    *_of("id5", "marketing", "id5id id5id_* id5id.*"),
    *_of("liveramp", "marketing", "_lr_env _lr_env_src_ats _lr_retry_request _lr_geo_location idl_env"),
    *_of("the-trade-desk", "marketing", "__uid2_advertising_token __euid _ttd_* __ttd_*"),
    *_of("prebid", "marketing", "_pubcid pubcid _sharedid _sharedID"),
    *_of("klaviyo", "marketing", "__kla_id __kla_off __kla_session __kla_viewed"),
    *_of("marketo", "marketing", "_mkto_trk"),
    *_of("omnisend", "marketing", "omnisendAnonymousID omnisendContactID omnisendSessionID soundestID"),
    *_of("mautic", "marketing", "mtc_id mtc_sid mautic_device_id mautic_session_id mautic_referer_id"),
    *_of("activecampaign", "marketing", "ac_enable_tracking prism_*"),
    *_of("brevo", "marketing", "sib_cuid"),
    *_of("dynamic-yield", "marketing", "_dyid _dyid_server _dyjsession _dycnst _dycst _dyfs _dy_*"),
    *_of("insider", "marketing", "ins-product-id ins-gaSSId insdrSV"),
    *_of("adobe-experience-cloud", "analytics", "AMCV_* AMCVS_* kndctr_* s_ecid s_fid s_vi s_vi_* s_sq"),
    *_of("adobe-experience-cloud", "analytics", "s_ppv s_nr s_nr30 mbox mboxEdgeCluster"),
    *_of("yandex-metrica", "analytics", "_ym_*"),
    *_of("vk", "marketing", "tmr_lvid tmr_lvidTS tmr_detect tmr_reqNum"),
    *_of("baidu-analytics", "analytics", "Hm_lvt_* Hm_lpvt_*"),
    *_of("segment", "analytics", "ajs_anonymous_id ajs_user_id ajs_group_id ajs_user_traits"),
    *_of("rudderstack", "analytics", "rl_anonymous_id rl_user_id rl_trait rl_group_id rl_group_trait"),
    *_of("rudderstack", "analytics", "rl_page_init_referrer rl_page_init_referring_domain rl_session"),
    *_of("amplitude", "analytics", "amplitude_id amplitude_id_* amplitude_cookie_test* amp_cookie_test*"),
    *_of("amplitude", "analytics", "AMP_MKTG_*"),
    *_of("mixpanel", "analytics", "mp_*_mixpanel mp_mixpanel__c"),
    *_of("posthog", "analytics", "ph_*_posthog __ph_opt_in_out_*"),
    *_of("heap", "analytics", "_hp2_*"),
    *_of("snowplow", "analytics", "_sp_id.* _sp_ses.*"),
    *_of("optimizely", "analytics", "optimizelyEndUserId optimizelySession optimizelyBuckets"),
    *_of("optimizely", "analytics", "optimizelySegments optimizelyRumLB"),
    *_of("vwo", "analytics", "_vwo_* _vis_opt_*"),
    *_of("ab-tasty", "analytics", "ABTasty ABTastySession"),
    *_of("kameleoon", "analytics", "kameleoonVisitorCode"),
    *_of("convert", "analytics", "_conv_v _conv_s _conv_r _conv_sptest"),
    *_of("contentsquare", "analytics", "_cs_c _cs_id _cs_s _cs_rl _cs_mk _cs_mk_* _cs_cvars _cs_ex"),
    *_of("contentsquare", "analytics", "_cs_root-domain _cs_same_site"),
    *_of("crazy-egg", "analytics", "_ce.* _CEFT cebs cebsp_ _crazyegg"),
    *_of("lucky-orange", "analytics", "_lo_uid _lo_v _lorid __lotl __lotr __lotri"),
    *_of("mouseflow", "analytics", "mf_user mf_initialDomQueue"),
    *_of("fullstory", "analytics", "fs_uid fs_lua fs_session"),
    *_of("smartlook", "analytics", "SL_C_*"),
    *_of("inspectlet", "analytics", "__insp_*"),
    *_of("chartbeat", "analytics", "_chartbeat2 _chartbeat4 _chartbeat5 _cb_svref _cb_ls _v__chartbeat3"),
    *_of("parse-ly", "analytics", "_parsely_visitor _parsely_session _parsely_slot_click"),
    *_of("parse-ly", "analytics", "_parsely_tpa_blacklist"),
    *_of("piano-analytics", "analytics", "atuserid atidvisitor atidx atauthority _pcid _pctx _pprv _pcus"),
    *_of("piano-analytics", "analytics", "xbc"),
    *_of("etracker", "analytics", "_et_coid et_coid et_scroll_depth BT_sdc BT_pdc BT_ctst"),
    *_of("econda", "analytics", "emos_jcsid emos_jcvid"),
    *_of("mapp-intelligence", "analytics", "wt3_eid wt3_sid wt_fa wt_cdbeid wt_geid"),
    *_of("clicky", "analytics", "_jsuid _first_pageview no_tracky_*"),
    *_of("statcounter", "analytics", "sc_is_visitor_unique"),
    *_of("woopra", "analytics", "wooTracker"),
    *_of("pendo", "analytics", "_pendo_*"),
    *_of("leadfeeder", "marketing", "_lfa _lfa_consent _lfa_test_cookie_stored _lfa_expiry"),
    *_of("shopify", "analytics", "_shopify_y _shopify_s _shopify_sa_p _shopify_sa_t"),
    *_of("woocommerce", "analytics", "sbjs_*"),
    *_of("wordpress-stats", "analytics", "tk_ai tk_ai_explat tk_lr tk_or tk_qs tk_r3d tk_tc"),
    *_of("braze", "marketing", "ab.storage.*"),
    *_of("onesignal", "functional", "onesignal-pageview-count onesignal-notification-prompt"),
    *_of("optinmonster", "marketing", "_omappvp _omappvs omSeen-* omSuccess-*"),
    *_of("sumo", "marketing", "__smVID __smToken __smSessionId __smSmartbarShown __smListBuilderShown"),
    *_of("sumo", "marketing", "__smScrollBoxShown"),
    # Chats: a page can do without them until someone asks.
    *_of("intercom", "functional", "intercom-id-* intercom-session-* intercom-device-id-*"),
    *_of("drift", "functional", "drift_aid drift_campaign_refresh driftt_aid driftt_sid driftt_eid"),
    *_of("zendesk", "functional", "__zlcmid __zlcstore"),
    *_of("tawk-to", "functional", "twk_idm_key twk_uuid_* TawkConnectionTime __tawkuuid"),
    *_of("crisp", "functional", "crisp-client*"),
    *_of("olark", "functional", "hblid olfsk wcsid _okac _okbk _okdetect _okgid _oklv _okla"),
    *_of("tidio", "functional", "tidio_state_*"),
    *_of("livechat", "functional", "__lc_cid __lc_cst __lc2_cid __lc2_cst"),
)


def _need(maker: str, use: str, patterns: str) -> Iterator[NecessaryCookie]:
    return (NecessaryCookie(pattern, maker, use) for pattern in patterns.split())


#: Defaults of frameworks, of the libraries that sign people in, and of what stands in front of a site.
NECESSARY: tuple[NecessaryCookie, ...] = (
    *_need("Django", "session", "sessionid"),
    *_need("Django", "forgery protection", "csrftoken"),
    *_need("Django", "one-time messages", "messages"),
    *_need("Django", "language", "django_language"),
    *_need("django-two-factor-auth", "remembered device", "remember-cookie_*"),
    *_need("Starlette, Flask, Quart, Litestar, Pyramid", "session", "session"),
    *_need("starlette-csrf, Litestar", "forgery protection", "csrftoken"),
    *_need("fastapi-csrf-protect", "forgery protection", "fastapi-csrf-token"),
    *_need("FastAPI-Users", "sign-in", "fastapiusersauth"),
    *_need("fastapi-login, AuthX", "sign-in", "access-token access_token access_token_cookie"),
    *_need("fastapi-login, AuthX", "sign-in", "refresh_token_cookie"),
    *_need("AuthX, Flask-JWT-Extended", "forgery protection", "csrf_access_token csrf_refresh_token"),
    *_need("Flask-Login", "remember me", "remember_token"),
    *_need("Flask-WTF, Yii", "forgery protection", "csrf_token _csrf"),
    *_need("Quart-Auth", "sign-in", "QUART_AUTH"),
    *_need("aiohttp-session", "session", "AIOHTTP_SESSION"),
    *_need("Sanic, Odoo", "session", "session_id"),
    *_need("Tornado, Jupyter", "forgery protection", "_xsrf"),
    *_need("Pyramid", "sign-in", "auth_tkt"),
    *_need("Streamlit", "sign-in and forgery protection", "_streamlit_user _streamlit_xsrf"),
    *_need("Plone", "sign-in and messages", "__ac statusmessages"),
    *_need("Laravel", "session", "laravel_session laravel-session"),
    *_need("Laravel, Angular, Spring", "forgery protection", "XSRF-TOKEN"),
    *_need("Laravel", "remember me", "remember_web_*"),
    *_need("PHP", "session", "PHPSESSID PHPSESSIONID"),
    *_need("Symfony", "remember me", "REMEMBERME"),
    *_need("CodeIgniter", "session and forgery protection", "ci_session ci_sessions csrf_cookie_name"),
    *_need("CakePHP", "session and forgery protection", "CAKEPHP csrfToken"),
    *_need("Drupal", "session", "SESS* SSESS*"),
    *_need("TYPO3", "session", "fe_typo_user be_typo_user"),
    *_need("WordPress", "sign-in and settings", "wordpress_* wordpress_logged_in_* wp-settings-*"),
    *_need("WordPress", "sign-in and settings", "wp-settings-time-* wp-postpass_*"),
    *_need("WordPress", "name in a comment form", "comment_author_*"),
    *_need("WooCommerce", "basket", "woocommerce_cart_hash woocommerce_items_in_cart"),
    *_need("WooCommerce", "basket", "wp_woocommerce_session_*"),
    *_need("Magento", "forgery protection and basket", "form_key mage-cache-sessid mage-cache-storage"),
    *_need("Magento", "forgery protection and basket", "mage-messages private_content_version"),
    *_need("Shopify", "basket and checkout", "cart cart_sig cart_ts cart_currency _secure_session_id"),
    *_need("Shopify", "basket and checkout", "secure_customer_sig"),
    *_need("Ruby on Rails", "session and forgery protection", "_session_id _csrf_token _rails_session"),
    *_need("Devise", "remember me", "remember_user_token"),
    *_need("ASP.NET", "session, sign-in and forgery protection", "ASP.NET_SessionId .ASPXAUTH"),
    *_need("ASP.NET", "session, sign-in and forgery protection", ".AspNetCore.* .AspNet.*"),
    *_need("ASP.NET", "session, sign-in and forgery protection", "__RequestVerificationToken*"),
    *_need("Java servlets", "session", "JSESSIONID"),
    *_need("Spring", "session and remember me", "SESSION remember-me"),
    *_need("Play", "session, messages and language", "PLAY_SESSION PLAY_FLASH PLAY_LANG"),
    *_need("Express", "session", "connect.sid connect.sess"),
    *_need("Phoenix", "remember me", "_app_web_user_remember_me"),
    *_need("Auth.js", "sign-in", "next-auth.* authjs.*"),
    *_need("Auth0", "sign-in", "appSession auth0 auth0_compat auth0.is.authenticated a0:state"),
    *_need("Clerk", "sign-in", "__session __client __client_uat __client_uat_* __clerk_db_jwt"),
    *_need("Supabase", "sign-in", "sb-access-token sb-refresh-token sb-*-auth-token"),
    *_need("Supabase", "sign-in", "sb-*-auth-token-code-verifier"),
    *_need("Keycloak", "sign-in", "AUTH_SESSION_ID AUTH_SESSION_ID_LEGACY KEYCLOAK_IDENTITY"),
    *_need("Keycloak", "sign-in", "KEYCLOAK_IDENTITY_LEGACY KEYCLOAK_SESSION KEYCLOAK_SESSION_LEGACY"),
    *_need("Keycloak", "sign-in", "KC_RESTART"),
    *_need("OAuth2 Proxy", "sign-in", "_oauth2_proxy _oauth2_proxy_csrf _oauth2_proxy_*"),
    *_need("Authelia, authentik", "sign-in", "authelia_session authentik_session authentik_csrf"),
    *_need("i18next, Next.js, Nuxt, Polylang, WPML", "language", "i18next NEXT_LOCALE i18n_redirected"),
    *_need("i18next, Next.js, Nuxt, Polylang, WPML", "language", "pll_language wp-wpml_current_language"),
    *_need("common practice", "language", "lang language locale _locale user_language preferred_language"),
    *_need("AWS load balancers", "the same server for a visit", "AWSALB AWSALBCORS AWSALBTG AWSALBTGCORS"),
    *_need("AWS load balancers", "the same server for a visit", "AWSELB AWSELBCORS"),
    *_need("Azure", "the same server for a visit", "ARRAffinity ARRAffinitySameSite"),
    *_need("Azure", "the same server for a visit", "ApplicationGatewayAffinity"),
    *_need("Azure", "the same server for a visit", "ApplicationGatewayAffinityCORS"),
    *_need("Google load balancers", "the same server for a visit", "GCLB GCILB"),
    *_need("HAProxy, Traefik, nginx ingress, F5", "the same server for a visit", "SERVERID INGRESSCOOKIE"),
    *_need("HAProxy, Traefik, nginx ingress, F5", "the same server for a visit", "BIGipServer*"),
    *_need("Cloudflare", "protection against robots", "__cf_bm cf_clearance __cflb _cfuvid cf_chl_*"),
    *_need("Cloudflare Access", "sign-in", "CF_Authorization CF_AppSession"),
    *_need("Akamai, Imperva, DataDome, PerimeterX", "protection against robots", "ak_bmsc bm_sv bm_sz"),
    *_need("Akamai, Imperva, DataDome, PerimeterX", "protection against robots", "bm_mi _abck incap_ses_*"),
    *_need("Akamai, Imperva, DataDome, PerimeterX", "protection against robots", "visid_incap_* nlbi_*"),
    *_need("Akamai, Imperva, DataDome, PerimeterX", "protection against robots", "datadome _px3 _pxhd"),
    *_need("Stripe", "fraud prevention at payment", "__stripe_mid __stripe_sid"),
    *_need("Queue-it", "waiting room", "QueueITAccepted-*"),
)

R = TypeVar("R", GatedCookie, NecessaryCookie)


def _matcher(rows: Iterable[R]) -> Callable[[str], R | None]:
    exact: dict[str, R] = {}
    starred: list[R] = []
    for row in rows:
        if "*" in row.pattern:
            starred.append(row)
        else:
            exact.setdefault(row.pattern, row)
    starred.sort(key=lambda row: -len(row.pattern))

    @remembering(most=MAX_NAMES, longest=LONGEST_NAME)
    def match(name: str) -> R | None:
        name = bare(name)
        found = exact.get(name)
        return found or next((row for row in starred if covers_name(row.pattern, name)), None)

    return match


def bare(name: str) -> str:
    """A cookie's name without the prefix that only tells the browser how to keep it (RFC 6265bis, 4.1.3)."""
    return name.removeprefix("__Host-").removeprefix("__Secure-")


#: `gated(name)`: the row of `GATED` that covers a cookie's name, or None.
gated: Callable[[str], GatedCookie | None] = _matcher(GATED)
#: `necessary(name)`: the row of `NECESSARY` that covers a cookie's name, or None. Such a cookie passes in
#: every mode.
necessary: Callable[[str], NecessaryCookie | None] = _matcher(NECESSARY)


def describe(name: str) -> tuple[CookieFact, ...]:
    """What the Open Cookie Database says of a name: exact rows first, then patterns, the longest first."""
    facts = _facts()
    plain = bare(name)
    exact = [plain] if plain in facts and "*" not in plain else []
    starred = [pattern for pattern in _starred() if covers_name(pattern, plain)]
    return tuple(CookieFact(key, *fact) for key in exact + starred for fact in facts[key])


@cache
def _facts() -> Mapping[str, tuple[Fact, ...]]:
    return MappingProxyType(
        {name: tuple(Fact(*row) for row in rows) for name, rows in read_data("cookies.json").items()}
    )


@cache
def _starred() -> tuple[str, ...]:
    return tuple(sorted((name for name in _facts() if "*" in name), key=lambda name: (-len(name), name)))
