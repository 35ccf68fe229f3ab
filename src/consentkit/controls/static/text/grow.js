// Growing: an element gets the mark of its finished size.

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
