// Text that arrives, while the page is coming and later; and the size being turned on, changed and off.

// What arrives is scaled at once; the page so far is mended in the frame that will paint it, so once for all that came
// since the last, and only while it is what is in sight. What comes below is mended when the document is complete.
let spent = 0; // ms
let frame = 0;
let pending = []; // scaled, not mended
const arrived = (elements) => {
  total += elements.length;
  if (isLong()) return;
  scale(elements);
  pending.push(...elements);
  frame = frame || requestAnimationFrame(paint);
};
const inSight = (element) => element.isConnected && element.getBoundingClientRect().top < 1.5 * innerHeight;
const paint = () => {
  frame = 0;
  if (!isOn() || !loading() || isLong() || spent > PATIENCE || !pending.some(inSight)) return;
  const start = performance.now();
  sized = sources();
  whole();
  spent += performance.now() - start;
};
const isOurs = (target, name) =>
  name === "style" && styled.has(target) && target.getAttribute(name) === styled.get(target).ours;
const watch = new MutationObserver((records) => {
  const found = new Set();
  for (const { type, target, addedNodes, attributeName } of records) {
    if (type === "attributes") isOurs(target, attributeName) || soon();
    else if (type === "characterData") owners(target, found);
    else {
      for (const node of addedNodes) {
        owners(node, found);
        if (node.localName === "style") soon();
        if (node.localName === "link") node.addEventListener("load", soon);
      }
    }
  }
  const fresh = [...found].filter((each) => !known.has(each));
  const moved = [...found].filter((each) => known.get(each) && !each.hasAttribute("data-ckit-f"));
  moved.forEach(grow);
  if (fresh.length) (loading() ? arrived : later)(fresh);
});

// On and off

// What sizes come from: they are measured again only when one of these has changed.
const sources = () => [innerWidth, Math.round(innerHeight / 200), devicePixelRatio, ...[...doc.styleSheets].map((each) => {
  try {
    return each.disabled ? "" : each.cssRules.length;
  } catch {
    return each.href;
  }
})].join();
let sized = "";
// The page may have a size control of its own, which sets a class or a style on html or body. Whether it has changed
// anything is seen from a few of its texts.
const resized = () => {
  const all = marked().filter((each) => known.get(each));
  const few = all.filter((_, index) => index % Math.ceil(all.length / 20) === 0);
  return unscaled(few, () => few.some((each) => parseFloat(getComputedStyle(each).fontSize) !== known.get(each).size));
};
// What was relaxed stays so while the page is coming: nothing is to move twice.
const again = (afresh) => {
  if (!isOn()) return;
  if (afresh) clear(MARKS.slice(1));
  sized = sources();
  plan = [];
  known = new WeakMap();
  before = new WeakMap();
  whole();
};
const start = () => {
  ratio = page.dataset.ckitText / 100;
  enter(doc);
  if (loading()) return;
  attend();
  if (plan.length && sources() === sized) rewrite();
  else again(true);
};
// Only these two, for no text lies above them.
const attend = () => {
  for (const each of [page, doc.body]) watch.observe(each, { attributes: true, attributeFilter: ["class", "style"] });
};
const stop = () => {
  run++;
  [plan, last, reading, writing, pending] = [[], [], [], [], []];
  watch.disconnect();
  clear(MARKS);
  for (const each of styled.keys()) restyle(each, "");
  settle();
  for (const scope of scopes) scope.adoptedStyleSheets = scope.adoptedStyleSheets.filter((each) => !sheets.includes(each));
  scopes.clear();
  styled.clear();
  [known, before, total, width, sized, ratio] = [new WeakMap(), new WeakMap(), 0, 0, "", 1];
};
doc.addEventListener("ckit:text", () => isOn() ? start() : stop());
doc.addEventListener("DOMContentLoaded", () => {
  if (!isOn()) return;
  attend();
  const now = sources();
  if (isLong()) queue([...owners(page)]);
  else if (pending.length || now !== sized) again(false);
  sized = now;
});
// A late sheet changes what we multiply, and so may a class of the page.
const check = () => {
  const differs = isOn() && !loading() && (sources() !== sized || resized());
  if (differs) again(false);
  return differs;
};
// A web font changes how much room a text takes.
const late = () => {
  if (check() || !isOn() || loading()) return;
  if (plan.length) rewrite();
  else relax(parents(marked()));
};
let timer = 0;
const wait = (then) => {
  clearTimeout(timer);
  timer = setTimeout(then, 120);
};
const soon = () => wait(check);
addEventListener("load", late);
doc.fonts.addEventListener("loadingdone", late);
addEventListener("resize", () => wait(() => isOn() && (sources() === sized ? check() : again(true))));
if (isOn()) start();
