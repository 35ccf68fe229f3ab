// Relaxing the boxes that got worse: what would be cut grows or wraps, what would widen the page is made to fit.

const has = (box, word) => (box.getAttribute("data-ckit-w") || "").split(" ").includes(word);
const widen = (box, ...words) => {
  const now = (box.getAttribute("data-ckit-w") || "wrap").split(" ");
  box.setAttribute("data-ckit-w", [...new Set([...now, ...words])].join(" "));
};
const tracks = (list) => list.replace(/([\d.]+px)/g, "minmax($1,auto)");
const heighten = (box, style, height) => {
  let says = taller(height);
  // The rows of a grid have used heights by now; they may grow.
  if (style.display.includes("grid") && /px/.test(style.gridTemplateRows)) {
    says += "grid-template-rows:" + tracks(style.gridTemplateRows) + "!important;";
  }
  if (/-box$/.test(style.display)) says += "display:block!important;";
  box.setAttribute("data-ckit-r", rule("data-ckit-r", says));
};
const unwrapped = (box) => {
  const inner = box.getElementsByTagName("*");
  for (let index = Math.min(inner.length, 300) - 1; index >= 0; index--) {
    if (inner[index].hasAttribute("data-ckit-f") && getComputedStyle(inner[index]).whiteSpace === "nowrap") widen(inner[index]);
  }
};
// A page that scrolls sideways because of us: each box that sticks out is made to fit, the innermost first.
const wider = () => Math.max(page.scrollWidth, doc.body ? doc.body.scrollWidth : 0) > Math.max(page.clientWidth, width) + 1;
let width = 0; // of the page while nothing had grown
// What scrolls may go on scrolling, and what was cut on purpose stays cut; what spills may not spill further.
const mends = (overflow, old) => !/auto|scroll/.test(overflow) && (overflow === "visible" || old < 2);
const relaxOnce = (boxes) => {
  const tooWide = wider();
  const found = [];
  for (const box of boxes) {
    const old = before.get(box);
    const now = old && cut(box);
    if (!now) continue;
    const high = now.high > Math.max(old.high, 0) + 1 && !box.hasAttribute("data-ckit-r");
    const wide = now.wide > Math.max(old.wide, 0) + 1 && !has(box, "fit");
    const out = tooWide && now.out > Math.max(old.out, 0) + 1 && !has(box, box.localName === "table" ? "roll" : "slim");
    if (high || wide || out) found.push([box, old, getComputedStyle(box), high, wide, out]);
  }
  let changes = 0;
  // The body is no box to make fit, but it may hold an endless word of its own.
  if (tooWide && known.get(doc.body) && !doc.body.hasAttribute("data-ckit-w")) changes++, widen(doc.body);
  for (const [box, old, style, high, wide, out] of found) {
    if (style.display === "inline" || style.display === "contents") continue;
    if (high && mends(style.overflowY, old.high)) changes++, heighten(box, style, old.height);
    // Words are broken only where they would be cut or widen the page.
    const again = box.hasAttribute("data-ckit-w") && style.overflowX === "visible" && !tooWide;
    if (wide && !again && mends(style.overflowX, old.wide)) {
      changes++;
      const next = !box.hasAttribute("data-ckit-w") && box.localName !== "pre" ? "grow" : "fit";
      widen(box, next, ...(style.display.includes("flex") ? ["flex"] : []));
      unwrapped(box);
    }
    if (out) {
      changes++;
      widen(box, has(box, "slim") ? "roll" : has(box, "fit") ? "slim" : "fit", ...(style.display.includes("flex") ? ["flex"] : []));
      unwrapped(box);
    }
  }
  return changes;
};
const relax = (boxes) => {
  settle();
  // Relaxing one box can press another.
  for (let round = 0; round < 5 && relaxOnce(boxes); round++) settle();
};
