// A page that is the same for everyone, in the hands of one visitor. early.js has left on its element what is known of
// them: frames and images of agreed vendors come alive in place, scripts by the page that is made for this visitor.
const facts = doc.querySelector("script[data-ckit-anyone]").dataset;
const [fits, away, came] = words(facts.ckitIs, ",").map((each) => each && each !== "false");
let left = away;
const choice = new URLSearchParams(facts.ckitChoice);
const given = (name) => fits ? words(choice.get(name), ".") : [];
const allowed = given("gv");
// What runs until somebody objects is held for all, because the page can't know who has.
const objected = words(choice.get("r"), ".");
const exempt = EXEMPT.filter(([purpose]) => !objected.includes(purpose)).map(([, vendor]) => vendor);
const elsewhere = (more) => {
  left = true;
  location.replace(more);
};
// A copy that came although this visitor's own was asked for: it can't be had, so here is where everything comes alive.
const leave = () => left || came || (waiting(allowed).some((each) => each.matches("script")) && elsewhere(OWN));
const [, large, view] = /(?:^|; )NAME_reader=(?:(112|125|150|175|200)|[^.;]*)\.(mobile|desktop)?/.exec(doc.cookie) || [];
if (!left && VIEWS && view && !/[?&]ckit_view=/.test(location.search)) {
  elsewhere(location.href.replace(/(?=#|$)/, (location.search ? "&" : "?") + "ckit_view=" + view));
}
if (large && SIZES) {
  page.dataset.ckitText = large;
  if (MEASURES && !sized) {
    sized = true;
    const script = doc.createElement("script");
    Object.assign(script, { nonce, async: false, src: facts.ckitAnyone + "/assets/TEXT_FILE" });
    // Where a browser knows it, nothing is painted before the text has its size.
    script.setAttribute("blocking", "render");
    doc.head.append(script);
  }
}
const seek = new MutationObserver(leave);
if (allowed.length) {
  leave();
  seek.observe(doc, { childList: true, subtree: true });
}
ready(() => {
  seek.disconnect();
  const own = root();
  if (own && large && SIZES) {
    const percent = (large / 100).toLocaleString(own.lang, { style: "percent" });
    for (const each of doc.querySelectorAll("[data-ckit-value]")) each.textContent = percent;
  }
  if (own) Object.assign(own.dataset, { ckitGranted: given("g").join(" "), ckitVendors: [...allowed, ...exempt].join(" ") });
  const link = own && !own.querySelector("[data-ckit-ui=banner]") && own.querySelector("a[href*='/preferences?']");
  if (link) link.dataset.ckitAction = "choose";
  if (left) return;
  // What writes into the document would wipe it; there is no page of one's own to be had for it here.
  const found = waiting([...allowed, ...exempt]);
  enliven(found.filter((each) => !locked(each) && !/document\s*\.\s*write/.test(each.text)), () => {});
});
// The copy that "back" shows is from before a choice that was made meanwhile.
const choices = () => String(doc.cookie.match(/(?:^|; )(?:__Host-)?NAME=[^;]*/g));
const then = choices();
addEventListener("pageshow", (event) => event.persisted && choices() !== then && again());
