// A press of a button without leaving the page. Without this the form is posted, and everything works as well.
const form = () => doc.getElementById("ckit-form");
const address = (text) => new URL(text, location.origin);
let passing = false;
doc.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (event.target.id !== "ckit-form" || passing || !button) return;
  // Taking consent away is a full post: whatever runs here stops, and the server can delete its cookies.
  if (button.value === "withdraw" || (button.value === "reject_all" && agreed(doc.cookie).length)) return;
  event.preventDefault();
  event.stopPropagation();
  choose(button, {}, form().getAttribute("action"));
}, true);
doc.addEventListener("click", (event) => {
  const button = event.target.closest && event.target.closest("[data-ckit-action=load]");
  if (!button) return;
  event.preventDefault();
  // For this page only: recorded, but no cookie keeps it.
  choose(button, { vendor: button.value, keep: "no" }, button.nextElementSibling.getAttribute("formaction"));
});
const choose = async (button, fields, action) => {
  const body = new URLSearchParams(new FormData(form()));
  if (button.name) body.set(button.name, button.value);
  for (const name in fields) body.set(name, fields[name]);
  const target = address(button.getAttribute("formaction") || action);
  // The token of a placeholder stands in its address and must not meet the banner's.
  if (target.search) body.delete("shown");
  body.set("once", crypto.getRandomValues(new Uint32Array(4)).join("-"));
  const banner = root().querySelector("[data-ckit-ui=banner]");
  const focused = banner && banner.contains(doc.activeElement);
  const buttons = doc.querySelectorAll("button[form=ckit-form]");
  for (const each of buttons) each.disabled = true;
  let answer = null;
  try {
    const headers = { accept: "application/json" };
    answer = await fetch(target, { method: "POST", body, headers, credentials: "same-origin" });
  } catch (unreachable) {
    // Perhaps only fetch is forbidden here: the form goes its own way below.
  }
  for (const each of buttons) each.disabled = false;
  const said = answer && await answer.json().catch(() => null);
  if (said && answer.ok) return done(said, button, fields, focused);
  if (said && said.see && answer.status < 500) return location.assign(address(said.see));
  if (!button.name) return window.ckit.open();
  // The same random word, so that a choice which did arrive is not recorded twice.
  const once = Object.assign(doc.createElement("input"), { type: "hidden", name: "once", value: body.get("once") });
  form().append(once);
  // In a task of its own: while a submit event is under way another submission does nothing.
  setTimeout(() => {
    passing = true;
    form().requestSubmit(button);
    passing = false;
  });
};
const done = (said, button, fields, focused) => {
  const { vendors = {}, granted = [], refused = [] } = said;
  const banner = root().querySelector("[data-ckit-ui=banner]");
  const place = button.closest("[data-ckit-ui=placeholder]");
  if (fields.keep) return wake(place.nextElementSibling);
  const mine = state();
  const keep = (old, added, gone) => [...new Set([...words(old).filter((name) => !gone.includes(name)), ...added])].join(" ");
  const allowed = Object.keys(vendors).filter((name) => vendors[name]);
  mine.ckitGranted = keep(mine.ckitGranted, granted, refused);
  mine.ckitVendors = keep(mine.ckitVendors, allowed, Object.keys(vendors).filter((name) => !vendors[name]));
  if (banner && button.value === "accept_policies" && banner.querySelector("[data-ckit-action=reject]")) button.remove();
  else if (banner && banner.contains(button)) {
    banner.remove();
    const link = root().querySelector("a[hidden]");
    if (link) link.hidden = false;
  }
  const saved = show(said.status);
  if (focused) saved.focus({ preventScroll: true });
  seen = doc.cookie;
  doc.dispatchEvent(new CustomEvent("ckit:change", { detail: { granted, refused, vendors } }));
  if (said.reload) again();
  else revive(allowed);
};
// What was held back for vendors that are now agreed comes alive where it stands.
const revive = async (allowed) => {
  const held = [...doc.querySelectorAll("[data-ckit-vendor]")].filter((each) => allowed.includes(each.dataset.ckitVendor));
  const scripts = held.filter((each) => each.matches("script"));
  // document.write after the page has loaded wipes it.
  if (scripts.some((each) => /document\s*\.\s*write/.test(each.text))) return again();
  const restore = [late(doc), late(window)];
  addEventListener("securitypolicyviolation", again, { once: true });
  try {
    held.filter((each) => !each.matches("script")).forEach(wake);
    for (const each of scripts) await run(each);
  } catch (trustedTypes) {
    again();
  }
  restore.forEach((each) => each());
  removeEventListener("securitypolicyviolation", again);
};
const wake = (element) => {
  const place = element.previousElementSibling;
  for (const { name, value } of [...element.attributes]) {
    if (!name.startsWith("data-ckit-")) continue;
    element.removeAttribute(name);
    if (!/-(purpose|vendor)$/.test(name)) element.setAttribute(name.slice(10), value);
  }
  const media = element.closest("video,audio");
  if (media) media.load();
  if (!place || place.dataset.ckitUi !== "placeholder") return;
  const focused = place.contains(doc.activeElement);
  place.remove();
  if (focused) element.focus({ preventScroll: true });
};
const run = (old) => new Promise((next) => {
  const script = doc.createElement("script");
  for (const { name, value } of old.attributes) {
    if (name !== "type" && !/^data-ckit-(purpose|vendor)$/.test(name)) {
      script.setAttribute(name.replace("data-ckit-", ""), value);
    }
  }
  script.async = old.hasAttribute("async");
  script.nonce = old.nonce;
  script.text = old.text;
  const onload = window.onload;
  const ran = () => {
    if (window.onload !== onload && doc.readyState === "complete") window.onload(new Event("load"));
    next();
  };
  const waits = !script.async && (script.src || script.type === "module");
  if (waits) script.addEventListener("load", ran), script.addEventListener("error", ran);
  old.replaceWith(script);
  if (!waits) ran();
});
// A script that comes alive late still gets the events that it waits for, once all of them have run.
const late = (target) => {
  const own = Object.hasOwn(target, "addEventListener");
  const add = target.addEventListener;
  const waiting = [];
  target.addEventListener = function (type, tell, ...more) {
    const over = (type === "DOMContentLoaded" && doc.readyState !== "loading") || (type === "load" && doc.readyState === "complete");
    if (!over) return add.call(this || target, type, tell, ...more);
    const event = new Event(type);
    waiting.push(() => tell.handleEvent ? tell.handleEvent(event) : tell.call(target, event));
  };
  return () => {
    if (own) target.addEventListener = add;
    else delete target.addEventListener;
    for (const each of waiting) setTimeout(each);
  };
};
// Pages that swap their body (Turbo, hx-boost, hydration) lose us. Twenty times is a fight that we give up.
let fights = 0;
ready(() => {
  const mine = root();
  const back = () => {
    if (mine && doc.body && !mine.isConnected && !root() && fights++ < 20) doc.body.prepend(mine);
    watch.observe(doc.body || page, { childList: true });
  };
  const watch = new MutationObserver(back);
  watch.observe(page, { childList: true });
  back();
  const text = mine && mine.querySelector("[data-ckit-part=text]");
  if (text && text.scrollHeight > text.clientHeight + 1) text.tabIndex = 0;
});
// What has focus is never hidden, in scrollers of the page's own either.
doc.addEventListener("focusin", ({ target }) => {
  const own = root();
  if (!own || own.contains(target) || getComputedStyle(own).position !== "fixed") return;
  for (const part of own.children) {
    // Read again for each: what is scrolled out from under one can come to lie under the next.
    const box = target.getBoundingClientRect();
    const ours = part.getBoundingClientRect();
    const over = Math.min(box.bottom, ours.bottom) - Math.max(box.top, ours.top);
    if (!ours.height || over <= 0 || box.right < ours.left || box.left > ours.right) continue;
    let scroller = target.parentElement;
    while (scroller && scroller !== page && !/auto|scroll/.test(getComputedStyle(scroller).overflowY)) scroller = scroller.parentElement;
    (scroller || page).scrollBy({ top: (ours.top < innerHeight / 3 ? -1 : 1) * (over + 8), behavior: "instant" });
  }
});
