// What both the banner and the reader bar need.
const doc = document;
const root = () => doc.getElementById("ckit-root");
const state = () => root()?.dataset || {};
const words = (text, gap = " ") => text ? text.split(gap) : [];
const page = doc.documentElement;
const nonce = doc.currentScript ? doc.currentScript.nonce : "";
const address = (text) => new URL(text, location.origin);
const ours = (name) => address(doc.getElementById("ckit-form").getAttribute("action").replace(/choice$/, name)).href;
// The preferences open over the page; what they need comes when they are first wanted, under a name that sheets.py puts
// in. Where that fails (a policy of the page, a line that broke) the address leads to the page of them.
const open = async (url, opener) => {
  try {
    const dialog = await import(ours("assets/DIALOG_FILE"));
    await dialog.open(url, opener, pressed, nonce);
  } catch (elsewhere) {
    location.assign(url);
  }
};
window.ckit.open = () => open(ours("preferences?next=") + encodeURIComponent(location.pathname), doc.activeElement);
// Every link there does, the owner's too, and those in shadow trees.
doc.addEventListener("click", (event) => {
  const link = event.composedPath().find((each) => each.href);
  if (!link || !root() || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  if (link.target === "_blank" || String(link.href).split(/[?#]/)[0] !== ours("preferences")) return;
  event.preventDefault();
  open(link.href, link);
});
// What changes text sizes comes when it is first wanted, or came with the page. Its name is put in by sheets.py.
let sized = page.hasAttribute("data-ckit-text");
doc.addEventListener("toggle", ({ target }) => {
  if (sized || !target.matches("[data-ckit-says]")) return;
  sized = true;
  // Where it may not be loaded the links stay links.
  import(ours("assets/TEXT_FILE")).catch(() => {});
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
const again = async () => {
  const { ckitPost } = state();
  if (ckitPost) return show(ckitPost);
  try {
    (await import(ours("assets/KEEP_FILE"))).save();
  } catch (forbidden) {
    // Then the page comes as new.
  }
  history.scrollRestoration = "auto";
  // RELOAD is put in by sheets.py: where pages may be the same for everyone it asks for this visitor's own.
  RELOAD;
};
const show = (text) => {
  const saved = doc.getElementById("ckit-saved");
  saved.textContent = text;
  saved.tabIndex = -1;
  saved.dataset.ckitOn = "";
  return saved;
};
// Tabs agree: what another tab took away goes from this one too, and what was answered there is not asked here. The
// cookie's text tells, nothing else is stored.
const choiceIn = (cookies) => {
  const name = (state().ckitName || "ckit") + "=";
  return cookies.split("; ").find((each) => each.replace("__Host-", "").startsWith(name)) || "";
};
const agreed = (cookies) => {
  const own = choiceIn(cookies);
  const fields = new URLSearchParams(own.slice(own.indexOf("=") + 1, own.lastIndexOf(".")));
  return words(fields.get("g"), ".").concat(words(fields.get("gv"), "."));
};
let seen = doc.cookie;
const look = () => {
  const now = doc.cookie;
  const before = seen;
  seen = now;
  const gone = agreed(before).some((name) => !agreed(now).includes(name));
  if (gone || (doc.querySelector("#ckit-root [data-ckit-ui=banner]") && choiceIn(now) !== choiceIn(before))) again();
};
addEventListener("focus", look);
addEventListener("pageshow", (event) => event.persisted && look());
const ready = (then) => doc.readyState === "loading" ? doc.addEventListener("DOMContentLoaded", then) : then();
// "Load once" needs script, so only script shows it, unless a policy of ours forbids frames (LOADS_NONE). A body that is transformed carries fixed boxes away: there we go
// into the top layer, where a modal dialog of the page still stands above us.
ready(() => {
  try {
    if (sessionStorage.ckit) import(ours("assets/KEEP_FILE")).then((keep) => keep.restore());
  } catch (forbidden) {
    // Nothing was kept.
  }
  // Libraries that fetch links and forms themselves leave ours alone.
  if (root()) Object.assign(root().dataset, { turbo: "false", hxBoost: "false" });
  for (const button of doc.querySelectorAll("[data-ckit-action=load]")) button.hidden = LOADS_NONE;
  const own = root();
  const box = own && own.getBoundingClientRect();
  if (box && getComputedStyle(own).position === "fixed" && own.showPopover &&
      (box.bottom < 0 || box.top > innerHeight || box.bottom > innerHeight + 1)) {
    own.popover = "manual";
    own.showPopover();
  }
});
