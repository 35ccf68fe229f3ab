// For visitors who have chosen: the rest comes when it is needed.
let whole = null;
const needs = "[data-ckit-action=load],[data-ckit-action=always],[data-ckit-action^=text-]";
const press = (event) => {
  const button = event.target.closest && event.target.closest(needs);
  if (!button || event.button) return;
  event.preventDefault();
  event.stopPropagation();
  fetchWhole().then(() => (button.isConnected ? button : doc.querySelector("[data-ckit-action=" + button.dataset.ckitAction + "]")).click());
};
const fetchWhole = () => whole = whole || load(1).then(() => doc.removeEventListener("click", press, true));
doc.addEventListener("click", press, true);
doc.addEventListener("toggle", (event) => event.target.matches("[data-ckit-part=size]") && fetchWhole(), true);
