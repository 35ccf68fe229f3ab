// Makes every text grow by exactly the chosen ratio, on pages sized in px too. Runs at the end of head, before the
// body is parsed: each text is scaled in the microtask after the parser put it in, which is before it is painted.
//
// An element that owns text is measured once while unscaled (data-ckit-f marks it, --ckit-f holds its size) and one
// sheet multiplies; so nested sizes never compound, and another size is one attribute on <html>. Afterwards boxes that
// would clip what has grown are relaxed. Reset takes it all off again, byte for byte.
const page = document.documentElement;
const SKIP = "script,style,noscript,template,svg,math,canvas,title,option,[data-ckit-ui],[data-ckit-size=off]";
const FIELDS = "input:not([type=hidden],[type=checkbox],[type=radio],[type=range],[type=color],[type=image]),select,textarea,button";
const ICONS = /icon|awesome|glyph|symbol|dashicons/i;
const GLYPHS = /^[\s\ue000-\uf8ff]*$/;
const sheet = new CSSStyleSheet();
sheet.replaceSync(
  [112, 125, 150, 175, 200].map((size) => "html[data-ckit-text=\"" + size + "\"]{--ckit-scale:" + size / 100 + "}").join("") +
  "[data-ckit-f]{font-size:calc(var(--ckit-f)*var(--ckit-scale,1))!important;line-height:var(--ckit-l)!important}" +
  "[data-ckit-r]{height:auto!important;max-height:none!important;min-height:var(--ckit-h)!important;-webkit-line-clamp:none!important}" +
  "[data-ckit-w]{overflow-wrap:anywhere!important;min-width:0!important;max-width:100%!important}" +
  "[data-ckit-w]:not(pre,code,textarea){white-space:normal!important}" +
  "[data-ckit-w]:is(input,select,textarea,img){box-sizing:border-box!important}" +
  "[data-ckit-w=flex]{flex-wrap:wrap!important}"
);
const before = new Map(); // element -> [its style attribute, the same with our additions]
const marks = ["data-ckit-f", "data-ckit-r", "data-ckit-w"];
const properties = ["--ckit-f", "--ckit-l", "--ckit-h"];
const scopes = new Set();
const change = (element, name, value, ours) => {
  if (!before.has(element)) before.set(element, [element.getAttribute("style"), null]);
  element.setAttribute(name, value);
  for (const key in ours) element.style.setProperty(key, ours[key]);
  before.get(element)[1] = element.getAttribute("style");
};
const grows = (element) => element.isConnected && !element.closest(SKIP) && element.localName !== "html";
const owners = (node, found) => {
  if (node.nodeType === 3) {
    const parent = node.parentElement;
    if (parent && !GLYPHS.test(node.data) && grows(parent)) found.add(parent);
    return found;
  }
  if (node.nodeType !== 1 && node.nodeType !== 11) return found;
  const walker = document.createTreeWalker(node, 5);
  do {
    const each = walker.currentNode;
    if (each.nodeType === 3) owners(each, found);
    else if (each.nodeType === 1) {
      if (each.matches(FIELDS) && grows(each)) found.add(each);
      if (each.shadowRoot) enter(each.shadowRoot), owners(each.shadowRoot, found);
    }
  } while (walker.nextNode());
  return found;
};
// Sizes are read while nothing of ours applies and written afterwards: two style passes, however many elements.
const unscaled = (read) => {
  sheet.disabled = true;
  const result = read();
  sheet.disabled = false;
  return result;
};
const lineHeight = (style, size) => {
  const height = parseFloat(style.lineHeight);
  if (!height) return "normal";
  // A line as high as a bar centres its one line of text: it stays that high, as long as the text fits.
  return height / size > 2 ? "max(" + style.lineHeight + ",1.2em)" : String(+(height / size).toFixed(4));
};
const scale = (elements) => {
  const measured = unscaled(() => elements.map((element) => {
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    if (!size || ICONS.test(style.fontFamily.split(",")[0])) return null;
    const ours = { "--ckit-f": style.fontSize, "--ckit-l": lineHeight(style, size) };
    const field = element.matches(FIELDS) && /px$/.test(style.height);
    return { element, ours, height: field && style.height };
  }));
  for (const each of measured) {
    if (!each) continue;
    change(each.element, "data-ckit-f", "", each.ours);
    if (each.height) change(each.element, "data-ckit-r", "", { "--ckit-h": each.height });
    // An important size in the page's own attribute beats any sheet.
    const { style } = each.element;
    if (style.getPropertyPriority("font-size")) {
      style.setProperty("font-size", "calc(var(--ckit-f)*var(--ckit-scale,1))", "important");
      before.get(each.element)[1] = each.element.getAttribute("style");
    }
  }
};
const boxes = () => {
  const found = new Set();
  for (const element of before.keys()) {
    for (let box = element; box && box !== document.body && box !== page; box = box.parentElement) {
      if (found.has(box)) break;
      found.add(box);
    }
  }
  return [...found].filter((box) => box.isConnected).reverse();
};
const cut = (box) => {
  const style = getComputedStyle(box);
  if (style.display === "inline" || style.display === "none" || style.display === "contents") return null;
  const edge = box.getBoundingClientRect();
  return {
    high: box.clientHeight > 1 && box.scrollHeight > box.clientHeight + 1 && !/auto|scroll/.test(style.overflowY),
    wide: box.clientWidth > 1 && box.scrollWidth > box.clientWidth + 1 && !/auto|scroll/.test(style.overflowX),
    out: edge.right > page.clientWidth + 1 || edge.left < -1,
    height: style.height,
    flex: style.display.includes("flex"),
  };
};
// Only what became worse is touched. Relaxing one box can press another, so it is looked at three times.
const relax = () => {
  const all = boxes();
  if (all.length > 20000) return;
  const then = unscaled(() => all.map(cut));
  for (let round = 0; round < 3; round++) {
    const now = all.map(cut);
    let changes = 0;
    all.forEach((box, index) => {
      const [old, fresh] = [then[index], now[index]];
      if (!old || !fresh) return;
      if (fresh.high && !old.high && !box.hasAttribute("data-ckit-r")) {
        changes++;
        change(box, "data-ckit-r", "", { "--ckit-h": old.height });
      }
      if (((fresh.wide && !old.wide) || (fresh.out && !old.out)) && !box.hasAttribute("data-ckit-w")) {
        changes++;
        change(box, "data-ckit-w", fresh.flex ? "flex" : "", {});
      }
    });
    if (!changes) return;
  }
};
const enter = (scope) => {
  if (scopes.has(scope)) return;
  scopes.add(scope);
  scope.adoptedStyleSheets = [...scope.adoptedStyleSheets, sheet];
  watch.observe(scope, { childList: true, subtree: true, characterData: true });
};
const watch = new MutationObserver((records) => {
  const found = new Set();
  for (const { type, target, addedNodes } of records) {
    if (type === "characterData") owners(target, found);
    else for (const node of addedNodes) owners(node, found);
  }
  const fresh = [...found].filter((element) => !element.hasAttribute("data-ckit-f"));
  if (fresh.length) scale(fresh), soon();
});
let timer = 0;
const soon = () => {
  if (document.readyState === "loading") return;
  clearTimeout(timer);
  timer = setTimeout(() => isOn() && relax(), 50);
};
const isOn = () => page.hasAttribute("data-ckit-text");
// Another width, a late sheet or a web font changes the sizes that we multiply.
const again = () => {
  if (!isOn()) return;
  scale([...owners(page, new Set())]);
  relax();
};
const start = () => {
  enter(document);
  again();
};
const stop = () => {
  watch.disconnect();
  for (const scope of scopes) scope.adoptedStyleSheets = scope.adoptedStyleSheets.filter((each) => each !== sheet);
  scopes.clear();
  for (const [element, [original, ours]] of before) {
    for (const name of marks) element.removeAttribute(name);
    if (element.getAttribute("style") === ours) {
      if (original === null) element.removeAttribute("style");
      else element.setAttribute("style", original);
      continue;
    }
    // The page has written here since: only our own properties go.
    for (const name of properties) element.style.removeProperty(name);
    if (/--ckit-scale/.test(element.style.fontSize)) element.style.removeProperty("font-size");
  }
  before.clear();
};
document.addEventListener("ckit:text", () => isOn() ? start() : stop());
document.addEventListener("DOMContentLoaded", again);
addEventListener("load", () => (again(), document.fonts.ready.then(again)));
addEventListener("resize", () => {
  clearTimeout(timer);
  timer = setTimeout(again, 100);
});
if (isOn()) start();
