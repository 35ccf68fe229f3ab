// Mends what still sticks out of the window in the mobile version, once when the document is there and once when all
// of it has loaded: a sheet cannot know what a page sets by script or in its attributes.
const page = document.documentElement;
const sheet = new CSSStyleSheet();
sheet.replaceSync("@layer ckit{[data-ckit-m]{width:auto!important;max-width:100%!important;min-width:0!important;margin-inline:0!important;transform:none!important;inset:auto!important;overflow-wrap:anywhere!important;flex-wrap:wrap!important;grid-template-columns:minmax(0,1fr)!important}" +
  "[data-ckit-m=roll]{display:block!important;overflow-x:auto!important}}");
document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
const scrolls = (element) => /auto|scroll|hidden|clip/.test(getComputedStyle(element).overflowX);
const out = (element) => {
  const { left, right, width } = element.getBoundingClientRect();
  return width > 0 && (right > page.clientWidth + 1 || left < -1);
};
// The boxes that stick out, without what lies in one that scrolls by itself.
const offenders = (box, found) => {
  for (const each of box.children) {
    if (each.matches("ckit-ui,[data-ckit-ui],script,style")) continue;
    if (out(each)) found.push(each);
    if (!scrolls(each)) offenders(each, found);
  }
  return found;
};
const mend = () => {
  for (let round = 0; round < 3 && page.scrollWidth > page.clientWidth; round++) {
    const found = offenders(document.body, []);
    for (const each of found) {
      // An important width in the attribute beats any sheet.
      for (const name of ["width", "min-width"]) each.style.getPropertyPriority(name) && each.style.removeProperty(name);
      each.dataset.ckitM = round < 1 ? "" : round < 2 && !each.matches("table,pre") ? "" : "roll";
    }
  }
};
document.addEventListener("DOMContentLoaded", mend);
addEventListener("load", mend);
