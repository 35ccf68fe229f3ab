// What both the banner and the reader bar need.
const doc = document;
const root = () => doc.getElementById("ckit-root");
const state = () => root()?.dataset || {};
const words = (text, gap = " ") => text ? text.split(gap) : [];
const page = doc.documentElement;
window.ckit.open = () => location.assign(root().querySelector("a[href*='/preferences?']").href);
const nonce = doc.currentScript ? doc.currentScript.nonce : "";
// What changes text sizes comes when it is first wanted, or came with the page. Its name is put in by sheets.py.
let sized = page.hasAttribute("data-ckit-text");
doc.addEventListener("toggle", ({ target }) => {
  if (sized || !target.matches("[data-ckit-says]")) return;
  sized = true;
  const script = doc.createElement("script");
  script.nonce = nonce;
  script.src = doc.getElementById("ckit-form").getAttribute("action").replace(/choice$/, "assets/TEXT_FILE");
  doc.head.append(script);
}, true);
// Another version of the page is shown at the same place of it; a redirect keeps the fragment of the link.
doc.addEventListener("click", ({ target }) => {
  const link = target.closest?.("[data-ckit-action=view]");
  if (link) link.hash = location.hash;
});
// Escape closes the text size panel. In the banner it does nothing: putting it away is not an answer.
doc.addEventListener("keydown", (event) => {
  const box = event.key === "Escape" && doc.activeElement.closest("#ckit-root details[open]");
  if (!box) return;
  box.open = false;
  box.querySelector("summary").focus();
});
// Fetches this page again for the present choice. One that answers a form can't be: it says so.
const again = () => {
  const { ckitPost } = state();
  if (ckitPost) return show(ckitPost);
  history.scrollRestoration = "auto";
  // RELOAD is put in by sheets.py: where pages may be the same for everyone it asks for this visitor's own.
  RELOAD;
};
const show = (text) => {
  const saved = doc.getElementById("ckit-saved");
  saved.textContent = text;
  saved.dataset.ckitOn = "";
  return saved;
};
// Tabs agree: what another tab took away goes from this one too. The cookie's text tells, nothing else is stored.
const agreed = (cookies) => {
  const name = (state().ckitName || "ckit") + "=";
  const own = cookies.split("; ").find((each) => each.replace("__Host-", "").startsWith(name)) || "";
  const fields = new URLSearchParams(own.slice(own.indexOf("=") + 1, own.lastIndexOf(".")));
  return words(fields.get("g"), ".").concat(words(fields.get("gv"), "."));
};
let seen = doc.cookie;
const look = () => {
  const now = agreed(doc.cookie);
  const before = agreed(seen);
  seen = doc.cookie;
  if (before.some((name) => !now.includes(name))) again();
};
addEventListener("focus", look);
addEventListener("pageshow", (event) => event.persisted && look());
const ready = (then) => doc.readyState === "loading" ? doc.addEventListener("DOMContentLoaded", then) : then();
// "Load once" needs script, so only script shows it. A body that is transformed carries fixed boxes away: there we go
// into the top layer, where a modal dialog of the page still stands above us.
ready(() => {
  // Libraries that fetch links and forms themselves leave ours alone.
  if (root()) Object.assign(root().dataset, { turbo: "false", hxBoost: "false" });
  for (const button of doc.querySelectorAll("[data-ckit-action=load]")) button.hidden = false;
  const own = root();
  const box = own && own.getBoundingClientRect();
  if (box && getComputedStyle(own).position === "fixed" && own.showPopover &&
      (box.bottom < 0 || box.top > innerHeight || box.bottom > innerHeight + 1)) {
    own.popover = "manual";
    own.showPopover();
  }
});
