// Makes every text grow by exactly the chosen ratio, on pages sized in px too. Runs at the end of head, before the
// body is parsed: each text is scaled in the microtask after the parser put it in, which is before it is painted.
//
// An element that owns text is measured once while unscaled. Its mark (data-ckit-f) names a rule of one sheet that
// holds the finished size: so nested sizes never compound, nothing is written into style attributes, and another step
// is another mark, which can be set in slices. Afterwards the boxes that would clip what has grown are relaxed, but
// only those that got worse. Reset takes the marks off again, and the page is what it was, byte for byte.
const doc = document;
const page = doc.documentElement;
const SKIP = "script,style,noscript,template,svg,math,canvas,title,option,ckit-ui,[data-ckit-ui]:not([data-ckit-ui=slot]),[data-ckit-size=off]";
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
const BUDGET = 16; // ms; a frame in between takes as long again on a long page
const PATIENCE = 400; // ms for mending a page that is still coming
const MAX_LINES = 400; // of one text; what lies below them is not compared

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
  "pre[data-ckit-w~=fit],[data-ckit-w~=fit]>pre{overflow-x:auto!important}" +
  "[data-ckit-o]{position:static!important;inset:auto!important;transform:none!important;float:none!important;margin-block:0!important;width:auto!important;max-width:100%!important}" +
  "[data-ckit-o=down]{position:relative!important;clear:both!important}" +
  "}");
const layer = sheet.cssRules[0];
// Never put to sleep: a table that becomes another kind of box and back counts as a layout shift in Chromium.
const rolling = new CSSStyleSheet();
rolling.replaceSync("@layer ckit{table[data-ckit-w~=roll]{display:block!important;overflow-x:auto!important}}");
const sheets = [sheet, rolling];
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
