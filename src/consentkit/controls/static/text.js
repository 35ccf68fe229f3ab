// Makes every text grow by exactly the chosen ratio, on pages sized in px too. Runs at the end of head, before the
// body is parsed: each text is scaled in the microtask after the parser put it in, which is before it is painted.
//
// An element that owns text is measured once while unscaled. Its mark (data-ckit-f) names a rule of one sheet that
// holds the finished size: so nested sizes never compound, nothing is written into style attributes, and another step
// is another mark, which can be set in slices. Afterwards the boxes that would clip what has grown are relaxed, but
// only those that got worse. Reset takes the marks off again, and the page is what it was, byte for byte.
const doc = document;
const page = doc.documentElement;
const SKIP = "script,style,noscript,template,svg,math,canvas,title,option,ckit-ui,[data-ckit-ui],[data-ckit-size=off]";
const FIELDS = "input:not([type=hidden],[type=checkbox],[type=radio],[type=range],[type=color],[type=image]),select,textarea,button";
// The marker of an item grows with the item itself.
const OWNS = FIELDS + ",li,summary";
const LETTERS = "[type=submit],[type=reset],[type=button]";
// Put in by sheets.py: "html", or the parts of a page that hold its article.
const SCOPE = "TEXT_SCOPE";
const ICONS = /icon|awesome|glyph|symbol|dashicons|^["']?fa[srlbd]?\b/i;
const GLYPHS = /^[\s\ue000-\uf8ff]*$/;
const MARKS = ["data-ckit-f", "data-ckit-r", "data-ckit-w", "data-ckit-o"];
const MARKED = "[" + MARKS.join("],[") + "]";
// From here on a page is worked through in slices, what is in sight first.
const LONG = 2500; // elements that own text
const SLICE = 40; // elements
const BUDGET = 10; // ms

// In a layer, an important rule of ours beats every important rule of the page that is in none.
const sheet = new CSSStyleSheet();
sheet.replaceSync("@layer ckit{" +
  [112, 125, 150, 175, 200].map((size) => "html[data-ckit-text=\"" + size + "\"] :is(#ckit-root,[data-ckit-ui=placeholder]){--ckit-scale:" + size / 100 + "}").join("") +
  // A word that is longer than its box widens it; what does not fit the window even so is broken.
  "[data-ckit-w]{overflow-wrap:break-word!important;text-overflow:clip!important}" +
  "[data-ckit-w]:not(pre,pre *,textarea,input){white-space:normal!important}" +
  "[data-ckit-w~=grow]{min-width:min-content!important}" +
  "[data-ckit-w~=flex]{flex-wrap:wrap!important}" +
  "[data-ckit-w~=fit]{overflow-wrap:anywhere!important;min-width:0!important;max-width:100%!important;box-sizing:border-box!important}" +
  "[data-ckit-w~=slim]{width:auto!important}" +
  "table[data-ckit-w~=roll]{display:block!important;overflow-x:auto!important}" +
  "pre[data-ckit-w~=fit],[data-ckit-w~=fit]>pre{overflow-x:auto!important}" +
  "[data-ckit-o]{position:static!important;inset:auto!important;transform:none!important;float:none!important;margin-block:0!important;width:auto!important;max-width:100%!important}" +
  "[data-ckit-o=down]{position:relative!important;clear:both!important}" +
  "}");
const layer = sheet.cssRules[0];
const rules = new Map(); // what a rule says -> the value of the mark that names it
const rule = (mark, says, selector = "") => {
  const key = mark + selector + says;
  if (!rules.has(key)) {
    rules.set(key, rules.size.toString(36));
    layer.insertRule("[" + mark + "=\"" + rules.get(key) + "\"]" + selector + "{" + says + "}", layer.cssRules.length);
  }
  return rules.get(key);
};

let known = new WeakMap(); // element -> its size and line height while unscaled, null for icons
let before = new WeakMap(); // box -> how it was while nothing had grown
const styled = new Map(); // element -> its style attribute and the same with our size, where the page's own is important
const scopes = new Set(); // the document and the open shadow roots
let ratio = 1;
let total = 0;

const isOn = () => page.hasAttribute("data-ckit-text");
const loading = () => doc.readyState === "loading";
const isLong = () => total > LONG;
// Where an element inherits from.
const above = (node) => node.assignedSlot || node.parentElement || (node.parentNode && node.parentNode.host) || null;
const inScope = (element) => {
  for (let each = element; each; each = each.getRootNode().host) if (each.closest(SKIP)) return false;
  if (SCOPE === "html") return element !== page;
  for (let each = element; each; each = each.getRootNode().host) if (each.closest(SCOPE)) return true;
  return false;
};

// Finding

const pick = {
  acceptNode: (node) => node.nodeType === 1
    ? (node.matches(SKIP) ? 2 : 1)
    : (GLYPHS.test(node.data) ? 3 : 1),
};
const enter = (scope) => {
  if (scopes.has(scope)) return;
  scopes.add(scope);
  scope.adoptedStyleSheets = [...scope.adoptedStyleSheets, sheet];
  watch.observe(scope, { childList: true, subtree: true, characterData: true });
};
// The elements under a node that own text, in document order.
const owners = (node, found = new Set()) => {
  if (node.nodeType === 3) {
    const parent = node.parentElement || (node.parentNode && node.parentNode.host);
    if (parent && node.parentNode.nodeType === 1 && !GLYPHS.test(node.data) && inScope(parent)) found.add(parent);
    return found;
  }
  const first = node.nodeType === 11 ? node.host : node;
  if (!first || first.nodeType !== 1 || !first.isConnected || (first !== page && first.closest(SKIP))) return found;
  const everywhere = SCOPE === "html" || inScope(first);
  const walker = doc.createTreeWalker(node, 5, pick);
  let each = node.nodeType === 1 ? node : walker.nextNode();
  for (; each; each = walker.nextNode()) {
    if (each.nodeType === 3) {
      const parent = each.parentElement;
      if (parent && parent !== page && (everywhere || inScope(parent))) found.add(parent);
      continue;
    }
    if (each.matches(OWNS) && (everywhere || inScope(each))) found.add(each);
    if (each.shadowRoot) enter(each.shadowRoot), owners(each.shadowRoot, found);
    else if (each.localName.includes("-")) upgraded(each);
  }
  return found;
};
const names = new Set();
// A custom element gets its shadow when its script defines it, which no observer tells.
const upgraded = ({ localName }) => {
  if (names.has(localName) || customElements.get(localName)) return;
  names.add(localName);
  customElements.whenDefined(localName).then(() => isOn() && later([...owners(page)].filter((each) => !known.has(each))), () => {});
};

// Measuring

// What moves to its new size is there at once: otherwise we would read a size on its way.
const settle = () => {
  for (const scope of scopes) {
    for (const each of scope.getAnimations ? scope.getAnimations() : []) {
      if (/^(font|line-height|letter|min-|max-|height|width)/.test(each.transitionProperty || "")) each.finish();
    }
  }
};
// Reads while nothing that these elements inherit has grown. Only their own branches are undone for that.
const unscaled = (elements, read) => {
  const seen = new Set();
  const undone = [];
  const plain = [];
  for (const element of elements) {
    for (let each = element; each && !seen.has(each); each = above(each)) {
      seen.add(each);
      if (!each.matches(MARKED)) continue;
      for (const mark of MARKS) {
        if (each.hasAttribute(mark)) undone.push([each, mark, each.getAttribute(mark)]), each.removeAttribute(mark);
      }
      if (styled.has(each)) plain.push(each), restyle(each, "");
    }
  }
  if (undone.length) settle();
  const result = read();
  for (const [element, mark, value] of undone) element.setAttribute(mark, value);
  for (const each of plain) restyle(each, styled.get(each).size);
  return result;
};
const lineHeight = (style, size) => {
  const height = parseFloat(style.lineHeight);
  if (!height) return "normal";
  // A line as high as a bar centres its one line of text: it stays that high, as long as the text fits.
  return height / size > 2 ? "max(" + style.lineHeight + ",1.2em)" : String(+(height / size).toFixed(4));
};
const measure = (element) => {
  const style = getComputedStyle(element);
  const size = parseFloat(style.fontSize);
  if (!size || ICONS.test(style.fontFamily.split(",")[0])) return null;
  return {
    size,
    line: lineHeight(style, size),
    important: element.style.getPropertyPriority("font-size") === "important",
    field: element.matches(FIELDS) && /px$/.test(style.height) ? style.height : "",
    letters: element.matches(LETTERS) && /px$/.test(style.width) ? style.width : "",
  };
};
const parents = (elements) => {
  const found = new Set();
  for (const element of elements) {
    for (let box = element; box && box !== doc.body && box !== page && !found.has(box); box = above(box)) found.add(box);
  }
  return [...found].reverse();
};
const cut = (box) => {
  const { clientHeight, clientWidth, scrollHeight, scrollWidth } = box;
  if (!clientHeight && !clientWidth) return null; // inline, or not shown
  const edge = box.getBoundingClientRect();
  const found = { high: scrollHeight - clientHeight, wide: scrollWidth - clientWidth };
  // How far it sticks out of the window.
  found.out = Math.max(edge.right - page.clientWidth, -edge.left);
  return found;
};
const remember = (boxes) => {
  for (const box of boxes) {
    if (before.has(box)) continue;
    const found = cut(box);
    before.set(box, found && { ...found, height: getComputedStyle(box).height });
  }
};

// Growing

const restyle = (element, size) => {
  const was = styled.get(element);
  const { style } = element;
  // The page may have written here since: then only our own size goes.
  if (size) style.setProperty("font-size", size, "important");
  else if (element.getAttribute("style") === was.ours) element.setAttribute("style", was.original);
  else style.setProperty("font-size", was.value, "important");
  if (size) Object.assign(was, { size, ours: element.getAttribute("style") });
};
const grow = (element) => {
  const own = known.get(element);
  if (!own) return;
  const size = +(own.size * ratio).toFixed(4) + "px";
  const says = "font-size:" + size + "!important;line-height:" + own.line + "!important";
  const value = rule("data-ckit-f", says);
  if (element.getAttribute("data-ckit-f") !== value) element.setAttribute("data-ckit-f", value);
  if (own.field) {
    const wide = own.letters && "width:auto!important;max-width:100%!important;min-width:min(" + own.letters + ",100%)!important";
    element.setAttribute("data-ckit-r", rule("data-ckit-r", taller(own.field) + wide));
  }
  if (own.important) {
    if (!styled.has(element)) styled.set(element, { original: element.getAttribute("style"), value: element.style.fontSize });
    restyle(element, size);
  }
};
const taller = (height) =>
  "height:auto!important;max-height:none!important;min-height:" + height + "!important;-webkit-line-clamp:none!important;";
const scale = (elements) => {
  unscaled(elements, () => {
    for (const each of elements) if (!known.has(each)) known.set(each, measure(each));
  });
  elements.forEach(grow);
};

// Relaxing

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
  const plan = [];
  for (const box of boxes) {
    const old = before.get(box);
    const now = old && cut(box);
    if (!now) continue;
    const high = now.high > Math.max(old.high, 0) + 1 && !box.hasAttribute("data-ckit-r");
    const wide = now.wide > Math.max(old.wide, 0) + 1 && !has(box, "fit");
    const out = tooWide && now.out > Math.max(old.out, 0) + 1 && !has(box, box.localName === "table" ? "roll" : "slim");
    if (high || wide || out) plan.push([box, old, getComputedStyle(box), high, wide, out]);
  }
  let changes = 0;
  for (const [box, old, style, high, wide, out] of plan) {
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

// Texts that lie upon each other because one of them does not move with the others.

const places = (elements) => {
  const found = [];
  const range = doc.createRange();
  for (const element of elements) {
    if (!element.isConnected || !known.get(element)) continue;
    for (const node of element.childNodes) {
      if (node.nodeType !== 3 || GLYPHS.test(node.data)) continue;
      range.selectNodeContents(node);
      const edge = range.getBoundingClientRect();
      // Half a line less at both ends: lines may touch, and fonts reach out of them.
      if (edge.width > 1 && edge.height > 1) found.push({ element, node, edge, inset: Math.min(edge.height / 2, known.get(element).size * ratio * 0.25) });
    }
  }
  return found;
};
const collisions = (texts) => {
  const sorted = [...texts].sort((a, b) => a.edge.top - b.edge.top);
  const found = [];
  const open = [];
  for (const text of sorted) {
    for (let index = open.length - 1; index >= 0; index--) {
      const other = open[index];
      if (other.edge.bottom - other.inset <= text.edge.top + text.inset) {
        open.splice(index, 1);
        continue;
      }
      const apart = other.edge.right <= text.edge.left + 2 || text.edge.right <= other.edge.left + 2;
      if (!apart && touching(text, other)) found.push([text, other]);
    }
    open.push(text);
  }
  return found;
};
const range = doc.createRange();
const lines = ({ node }) => (range.selectNodeContents(node), [...range.getClientRects()]);
const touching = (one, other) => {
  const theirs = lines(other);
  return lines(one).some((a) => theirs.some((b) => a.left < b.right - 2 && b.left < a.right - 2 &&
    a.top + one.inset < b.bottom - other.inset && b.top + other.inset < a.bottom - one.inset));
};
const seen = (element) => element.checkVisibility ? element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) : true;
const outOfFlow = (element) => {
  for (let box = element; box && box !== doc.body && box !== page; box = above(box)) {
    const { position } = getComputedStyle(box);
    if (position === "fixed" || position === "sticky") return null;
    if (position === "absolute" && !box.hasAttribute("data-ckit-o")) return box;
  }
  return null;
};
const part = (all, old) => {
  const fresh = collisions(places(all)).filter(([a, b]) => !(old.get(a.node) || new Set()).has(b.node) && seen(a.element) && seen(b.element));
  let changes = 0;
  for (const [a, b] of fresh) {
    const [one, other] = [outOfFlow(a.element), outOfFlow(b.element)];
    const box = one && !(other && one.contains(other)) ? one : other;
    if (box && one !== other) {
      box.setAttribute("data-ckit-o", "");
      changes++;
      continue;
    }
    // Both are in the flow of the same box: the later one goes below.
    const later = a.node.compareDocumentPosition(b.node) & 4 ? b.element : a.element;
    const earlier = later === a.element ? b.element : a.element;
    let down = later;
    while (down && down.parentElement && !down.parentElement.contains(earlier)) down = down.parentElement;
    const { display, position } = down ? getComputedStyle(down) : {};
    if (!down || down.contains(earlier) || position === "fixed" || /inline|contents/.test(display) || down.hasAttribute("data-ckit-o")) continue;
    down.setAttribute("data-ckit-o", "down");
    changes++;
  }
  return changes;
};
const pairs = (texts) => {
  const found = new Map();
  for (const [a, b] of collisions(texts)) {
    for (const [x, y] of [[a.node, b.node], [b.node, a.node]]) {
      if (!found.has(x)) found.set(x, new Set());
      found.get(x).add(y);
    }
  }
  return found;
};

// The whole page

const marked = () => [...scopes].flatMap((scope) => [...scope.querySelectorAll(MARKED)]);
// The page is compared with itself as it was: unscaled once, read, scaled, mended. Nothing is painted in between.
const whole = () => {
  const all = [...owners(page)];
  total = all.length;
  if (isLong()) return queue(all);
  run++;
  const old = sleeping(() => {
    known = new WeakMap();
    before = new WeakMap();
    for (const each of all) known.set(each, measure(each));
    remember(parents(all));
    width = Math.max(page.scrollWidth, doc.body ? doc.body.scrollWidth : 0);
    return once(() => pairs(places(all)));
  });
  all.forEach(grow);
  const boxes = parents(all);
  relax(boxes);
  for (let round = 0; round < 3 && part(all, old); round++) relax(boxes);
};
// Reads with the sizes that are there now.
const once = (read) => {
  const kept = ratio;
  ratio = 1;
  const result = read();
  ratio = kept;
  return result;
};
const sleeping = (read) => {
  sheet.disabled = true;
  for (const each of styled.keys()) restyle(each, "");
  settle();
  const result = read();
  sheet.disabled = false;
  return result;
};
const clear = (marks) => {
  for (const mark of marks) {
    for (const scope of scopes) for (const each of scope.querySelectorAll("[" + mark + "]")) each.removeAttribute(mark);
  }
};

// In slices: what is in sight at once, the rest while the reader reads.

let reading = [];
let writing = [];
let run = 0;
const chunks = (all) => {
  const found = [];
  for (let at = 0; at < all.length; at += SLICE) {
    // What lies upon each other is close in the document, too.
    found.push({ own: all.slice(at, at + SLICE), near: all.slice(Math.max(0, at - 30), at + SLICE), old: new Map() });
  }
  return found;
};
const look = (chunk) => {
  chunk.near = chunk.near.filter((each) => each.isConnected);
  const boxes = parents(chunk.near);
  chunk.old = unscaled(chunk.near, () => {
    for (const each of chunk.near) if (!known.has(each)) known.set(each, measure(each));
    remember(boxes);
    return once(() => pairs(places(chunk.near)));
  });
};
const write = ({ own, near, old }) => {
  own.forEach(grow);
  const boxes = parents(own);
  relax(boxes);
  if (part(near, old)) relax(boxes);
};
const isLarge = (each) => each.getElementsByTagName("*").length > 200;
const queue = (all) => {
  clear(MARKS);
  width = page.scrollWidth;
  // Documents run downwards, so the first element in sight is found by halving.
  let [low, high] = [0, all.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (all[middle].getBoundingClientRect().bottom < 0) low = middle + 1;
    else high = middle;
  }
  let end = low;
  while (end < all.length && end < low + 400 && all[end].getBoundingClientRect().top < innerHeight) end++;
  const first = chunks(all.slice(low, end).filter((each) => !isLarge(each)));
  first.forEach(look);
  first.forEach(write);
  // The rest is read before anything of it is written, below first. What holds many others is written last, for
  // they inherit from it.
  reading = [...chunks(all.slice(end)), ...chunks(all.slice(0, low)).reverse()];
  const large = all.filter(isLarge);
  const rest = reading.map((chunk) => ({ chunk, own: chunk.own.filter((each) => !large.includes(each)) }));
  writing = [...rest.map(({ chunk, own }) => () => write({ ...chunk, own })), () => large.length && (look({ near: large }), write({ own: large, near: large, old: new Map() }))];
  work(++run);
};
const work = (own) => {
  if (own !== run || !isOn() || !(reading.length + writing.length)) return;
  const end = performance.now() + BUDGET;
  do {
    if (reading.length) look(reading.shift());
    else writing.shift()();
  } while (reading.length + writing.length && performance.now() < end);
  setTimeout(work, 4, own);
};
const later = (elements) => {
  if (!elements.length) return;
  total += elements.length;
  for (const chunk of chunks(elements)) {
    if (isLong()) writing.push(() => (look(chunk), write(chunk)));
    else look(chunk), write(chunk);
  }
  if (isLong()) work(++run);
};

// While the page is coming

let spent = 0; // ms
// The page so far is treated as the page, as long as it is what will be painted first; what comes below is only
// scaled, and mended when the document is complete.
const arrived = (elements) => {
  total += elements.length;
  if (isLong()) return;
  if (spent > 250 || elements[0].getBoundingClientRect().top > 1.5 * innerHeight) return scale(elements);
  const start = performance.now();
  whole();
  spent += performance.now() - start;
};
const watch = new MutationObserver((records) => {
  const found = new Set();
  for (const { type, target, addedNodes } of records) {
    if (type === "characterData") owners(target, found);
    else for (const node of addedNodes) owners(node, found);
  }
  const fresh = [...found].filter((each) => !known.has(each));
  const moved = [...found].filter((each) => known.get(each) && !each.hasAttribute("data-ckit-f"));
  moved.forEach(grow);
  if (fresh.length) (loading() ? arrived : later)(fresh);
});
let timer = 0;
const soon = (delay = 60) => {
  clearTimeout(timer);
  timer = setTimeout(() => isOn() && !loading() && relax(parents(marked())), delay);
};

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
// What was relaxed stays so while the page is coming: nothing is to move twice.
const again = (afresh) => {
  if (!isOn()) return;
  if (afresh) clear(MARKS.slice(1));
  sized = sources();
  known = new WeakMap();
  before = new WeakMap();
  whole();
};
const start = () => {
  ratio = page.dataset.ckitText / 100;
  enter(doc);
  if (loading()) return;
  again(true);
};
const stop = () => {
  run++;
  [reading, writing] = [[], []];
  watch.disconnect();
  clear(MARKS);
  for (const each of styled.keys()) restyle(each, "");
  settle();
  for (const scope of scopes) scope.adoptedStyleSheets = scope.adoptedStyleSheets.filter((each) => each !== sheet);
  scopes.clear();
  styled.clear();
  [known, before, total, width, sized, ratio] = [new WeakMap(), new WeakMap(), 0, 0, "", 1];
};
doc.addEventListener("ckit:text", () => isOn() ? start() : stop());
doc.addEventListener("DOMContentLoaded", () => {
  if (!isOn()) return;
  sized = sources();
  if (isLong()) queue([...owners(page)]);
  else again(false);
});
// A late sheet changes what we multiply; a web font changes how much room it takes.
const late = () => isOn() && (sources() === sized ? relax(parents(isLong() ? [] : marked())) : again(false));
addEventListener("load", () => {
  late();
  doc.fonts.ready.then(late);
});
addEventListener("resize", () => {
  clearTimeout(timer);
  timer = setTimeout(() => isOn() && sources() !== sized && again(true), 120);
});
if (isOn()) start();
