// Measuring: sizes, and how boxes are, while nothing has grown.

// What moves to its new size is there at once: otherwise we would read a size on its way.
const settle = () => {
  for (const scope of scopes) {
    for (const each of scope.getAnimations ? scope.getAnimations() : []) {
      if (/^(font|line-height|letter|min-|max-|height|width)/.test(each.transitionProperty || "")) each.finish();
    }
  }
};
// Reads while nothing that these elements inherit has grown. Only the sizes of their own branches are undone for that:
// boxes that have been relaxed stay so, or each slice would lay out the whole page twice.
const unscaled = (elements, read) => {
  const seen = new Set();
  const undone = [];
  const plain = [];
  for (const element of elements) {
    for (let each = element; each && !seen.has(each); each = above(each)) {
      seen.add(each);
      const value = each.getAttribute("data-ckit-f");
      if (value !== null) undone.push([each, value]), each.removeAttribute("data-ckit-f");
      if (styled.has(each)) plain.push(each), restyle(each, "");
    }
  }
  if (undone.length) settle();
  const result = read();
  for (const [element, value] of undone) element.setAttribute("data-ckit-f", value);
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
