// A press of a button without leaving the page. Without this the form is posted, and everything works as well.
const form = () => doc.getElementById("ckit-form");
let passing = false;
const pressed = (event) => {
  const button = event.submitter;
  if (event.target.id !== "ckit-form" || passing || !button) return;
  // Taking consent away is a full post: whatever runs here stops, and the server can delete its cookies.
  if (button.value === "withdraw" || (button.value === "reject_all" && agreed(doc.cookie).length)) return;
  event.preventDefault();
  event.stopPropagation();
  choose(button, {}, event.target);
};
doc.addEventListener("submit", pressed, true);
doc.addEventListener("click", (event) => {
  const button = event.target.closest && event.target.closest("[data-ckit-action=load]");
  if (!button) return;
  event.preventDefault();
  // For this page only: recorded, but no cookie keeps it.
  choose(button, { vendor: button.value, keep: "no" }, form(), button.nextElementSibling);
});
const choose = async (button, fields, posted, says = button) => {
  const body = new URLSearchParams(new FormData(posted));
  if (button.name) body.set(button.name, button.value);
  for (const name in fields) body.set(name, fields[name]);
  const target = address(says.getAttribute("formaction") || posted.getAttribute("action"));
  // The token of a placeholder stands in its address and must not meet the banner's.
  if (target.search) body.delete("shown");
  body.set("once", crypto.getRandomValues(new Uint32Array(4)).join("-"));
  // Asked before, because a button loses the focus when it is disabled.
  const banner = root().querySelector("[data-ckit-ui=banner]");
  const focused = banner && banner.contains(doc.activeElement);
  const buttons = [button, ...doc.querySelectorAll("button[form=ckit-form]")];
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
  posted.append(once);
  // In a task of its own: while a submit event is under way another submission does nothing.
  setTimeout(() => {
    passing = true;
    posted.requestSubmit(button);
    passing = false;
  });
};
const done = (said, button, fields, had) => {
  const { vendors = {}, granted = [], refused = [] } = said;
  // Closed first, for that gives the focus back to what opened it, in the banner perhaps.
  const dialog = button.closest("dialog");
  if (dialog) dialog.close();
  const banner = root().querySelector("[data-ckit-ui=banner]");
  const focused = had || (banner && banner.contains(doc.activeElement));
  const place = button.closest("[data-ckit-ui=placeholder]");
  if (fields.keep) return wake(place.nextElementSibling);
  const mine = state();
  const keep = (old, added, gone) => [...new Set([...words(old).filter((name) => !gone.includes(name)), ...added])].join(" ");
  const allowed = Object.keys(vendors).filter((name) => vendors[name]);
  mine.ckitGranted = keep(mine.ckitGranted, granted, refused);
  mine.ckitVendors = keep(mine.ckitVendors, allowed, Object.keys(vendors).filter((name) => !vendors[name]));
  const alone = banner && button.value === "accept_policies" && banner.querySelector("[data-ckit-action=policies]");
  if (alone) alone.remove();
  else if (banner && (dialog || banner.contains(button))) {
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
const waiting = (names) => [...doc.querySelectorAll("[data-ckit-vendor]")].filter((each) => names.includes(each.dataset.ckitVendor));
// What a policy of ours forbids (the second lock) comes with the page that is fetched again. LOCKED is put in by sheets.py.
const locked = (each) => each.matches("LOCKED");
const revive = (allowed) => waiting(allowed).some(locked) ? again() : enliven(waiting(allowed), again);
// Scripts take a file to run as they would have run. `otherwise`: what to do when they can't.
const enliven = (held, otherwise) => {
  const scripts = held.filter((each) => each.matches("script"));
  held.filter((each) => !scripts.includes(each)).forEach(wake);
  if (!scripts.length) return;
  try {
    const helper = doc.createElement("script");
    helper.onload = () => helper.ckitRun(scripts, otherwise);
    helper.onerror = otherwise;
    helper.nonce = nonce;
    helper.src = ours("assets/REVIVE_FILE");
    doc.head.append(helper);
  } catch (trustedTypes) {
    otherwise();
  }
};
const wake = (element) => {
  const place = element.previousElementSibling;
  // Inert style sheets first: an attribute that comes back may be what loads them.
  const loads = (text) => text.replaceAll("data:,#", "");
  if (element.matches("style")) element.textContent = loads(element.textContent);
  if (element.style?.cssText) element.style.cssText = loads(element.style.cssText);
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
// Pages wait for some of what is held, to show themselves at last. A style sheet that is left out is as good as there;
// a script is missing.
ready(() => setTimeout(() => {
  for (const each of doc.querySelectorAll("link[data-ckit-purpose],script[data-ckit-purpose]")) {
    const paints = each.matches("link[rel~=stylesheet],link[rel~=preload][as=style]");
    if (paints || each.onerror) each.dispatchEvent(new Event(paints ? "load" : "error"));
  }
}));
// Pages that swap their body (Turbo, hx-boost) or all of themselves (hydration) lose us. Twenty times is a fight that we
// give up.
let fights = 0;
ready(() => {
  const mine = root();
  const dress = doc.querySelectorAll("[data-ckit-ui=head]:is(style,link)");
  const back = () => {
    if (mine && doc.body && !mine.isConnected && !root() && fights++ < 20) {
      for (const each of dress) if (!each.isConnected) (doc.head || doc.body).append(each);
      doc.body.prepend(mine);
      if (mine.popover) mine.showPopover();
    }
    for (const each of [doc, doc.documentElement, doc.body]) if (each) watch.observe(each, { childList: true });
  };
  const watch = new MutationObserver(back);
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
