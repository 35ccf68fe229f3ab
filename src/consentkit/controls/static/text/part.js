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
// A text in a column a letter wide has a line for each letter. Each text is read once, and of two texts only those
// lines are compared that are as high up as the other text.
const range = doc.createRange();
const lines = (text) => {
  if (!text.lines) {
    range.selectNodeContents(text.node);
    text.lines = [...range.getClientRects()].slice(0, MAX_LINES);
  }
  return text.lines;
};
const touching = (one, other) => {
  const top = Math.max(one.edge.top + one.inset, other.edge.top + other.inset);
  const bottom = Math.min(one.edge.bottom - one.inset, other.edge.bottom - other.inset);
  const near = (text) => lines(text).filter((line) => line.top + text.inset < bottom && line.bottom - text.inset > top);
  const theirs = near(other);
  return near(one).some((a) => theirs.some((b) => a.left < b.right - 2 && b.left < a.right - 2 &&
    a.top + one.inset < b.bottom - other.inset && b.top + other.inset < a.bottom - one.inset));
};
const seen = (element) => element.checkVisibility ? element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) : true;
// The nearest box around an element that is not in the flow; where one is held in the window, that one.
const outOfFlow = (element) => {
  let found = null;
  for (let box = element; box && box !== doc.body && box !== page; box = above(box)) {
    const { position } = getComputedStyle(box);
    if (position === "fixed") return { box, fixed: true };
    if (position === "sticky") found = { box: null };
    if (position === "absolute" && !box.hasAttribute("data-ckit-o")) found = found || { box };
  }
  return found || { box: null };
};
const part = (all, old) => {
  const fresh = collisions(places(all)).filter(([a, b]) => !(old.get(a.node) || new Set()).has(b.node) && seen(a.element) && seen(b.element));
  let changes = 0;
  for (const [a, b] of fresh) {
    const [{ box: one, fixed: oneFixed }, { box: other, fixed: otherFixed }] = [outOfFlow(a.element), outOfFlow(b.element)];
    // What is held in the window lies on whatever is scrolled beneath it, at any size.
    if (one !== other && (oneFixed || otherFixed)) continue;
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
