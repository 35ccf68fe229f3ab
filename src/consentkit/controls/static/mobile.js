// Mends what still sticks out of the window in the mobile version, once when the document is there and once when all
// of it has loaded: a sheet cannot know what a page sets by script or in its attributes. A page that does not scroll
// sideways is not touched. On one that is responsive by itself this is all that is laid out anew.
const page = document.documentElement;
const sheet = new CSSStyleSheet();
// The longer a box sticks out, the more is done to it: it is held to its container, then laid out anew in one column,
// and in the end what it holds scrolls inside it.
sheet.replaceSync("@layer ckit{" +
  "[data-ckit-m]{max-width:100%!important;min-width:0!important;box-sizing:border-box!important;overflow-wrap:anywhere!important}" +
  ":is(img,video,svg,canvas)[data-ckit-m]{height:auto!important}" +
  "[data-ckit-m]:not([data-ckit-m='1'],img,video,svg,canvas,iframe,pre,table){width:auto!important;margin-inline:0!important;inset:auto!important;transform:none!important;flex-wrap:wrap!important;grid-template-columns:minmax(0,1fr)!important;white-space:normal!important}" +
  "[data-ckit-m='3']{overflow-x:auto!important;overflow-wrap:normal!important}" +
  "table[data-ckit-m='3']{display:block!important}" +
  "}");
document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
// What can't be narrower without losing its sense, so it scrolls inside at once.
const WIDE = "pre,table:is(:has(> caption,> thead,> * > tr > th),[border]:not([border='0'])):not([role=presentation],[role=none])";
const isRtl = () => getComputedStyle(page).direction === "rtl";
// What lies wholly outside waits there to be pushed in, and what is held in the window makes no page wider.
const sticksOut = (element, rtl) => {
  const { left, right, width } = element.getBoundingClientRect();
  if (!width || right <= 0 || left >= page.clientWidth) return false;
  return rtl ? left < -1 : right > page.clientWidth + 1;
};
// The boxes that stick out, without what lies in one that scrolls by itself.
const offenders = (box, rtl, found) => {
  for (const each of box.children) {
    if (each.matches("ckit-ui,[data-ckit-ui],script,style")) continue;
    const { overflowX, position } = getComputedStyle(each);
    if (position === "fixed") continue;
    if (sticksOut(each, rtl)) found.push(each);
    if (overflowX === "visible" && !each.matches("svg," + WIDE)) offenders(each, rtl, found);
  }
  return found;
};
const mend = () => {
  for (let round = 1; round <= 5 && page.scrollWidth > page.clientWidth; round++) {
    // The body sticks out of nothing, but may hold an endless word of its own.
    if (round > 1) document.body.dataset.ckitM = "1";
    for (const each of offenders(document.body, isRtl(), [])) {
      // An important width in the attribute beats any sheet.
      for (const name of ["width", "min-width"]) each.style.getPropertyPriority(name) && each.style.removeProperty(name);
      each.dataset.ckitM = each.matches(WIDE) ? 3 : Math.min(3, +(each.dataset.ckitM || 0) + 1);
    }
  }
};
document.addEventListener("DOMContentLoaded", mend);
addEventListener("load", mend);
