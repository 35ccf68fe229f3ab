// The text size panel without leaving the page. Comes when the panel is first opened, or with the page where a size is
// active. The links become buttons, for that is what they are then.
const doc = document;
const page = doc.documentElement;
const steps = [100, 112, 125, 150, 175, 200];
let link = null;
const size = () => +page.dataset.ckitText || 100;
const after = (action) => action === "text-reset" ? 100 : steps[steps.indexOf(size()) + (action === "text-larger" ? 1 : -1)];
const refresh = (box) => {
  const percent = (size() / 100).toLocaleString(box.closest("[lang]").lang, { style: "percent" });
  box.querySelector("[data-ckit-value]").textContent = percent;
  for (const each of box.querySelectorAll("button")) {
    each.setAttribute("aria-disabled", [undefined, size()].includes(after(each.dataset.ckitAction)));
  }
  return percent;
};
const turn = (box) => {
  for (const each of box.querySelectorAll("a[data-ckit-action]")) {
    link = each.href || link;
    const button = doc.createElement("button");
    button.type = "button";
    button.textContent = each.textContent;
    button.dataset.ckitAction = each.dataset.ckitAction;
    each.replaceWith(button);
  }
  const said = doc.createElement("p");
  said.setAttribute("role", "status");
  if (!box.querySelector("[role=status]")) box.lastElementChild.append(said);
  refresh(box);
};
doc.addEventListener("toggle", ({ target }) => {
  if (!target.matches("[data-ckit-says]")) return;
  turn(target);
  delete doc.getElementById("ckit-saved").dataset.ckitOn;
}, true);
doc.querySelectorAll("[data-ckit-says][open]").forEach(turn);
doc.addEventListener("click", (event) => {
  const button = event.target.closest && event.target.closest("button[data-ckit-action^=text-]");
  if (!button) return;
  const next = after(button.dataset.ckitAction);
  if (!next || next === size()) return;
  if (next === 100) page.removeAttribute("data-ckit-text");
  else page.dataset.ckitText = next;
  doc.dispatchEvent(new Event("ckit:text"));
  const box = button.closest("details");
  // A page may have a second panel of its own.
  doc.querySelectorAll("[data-ckit-says]").forEach(refresh);
  box.querySelector("[role=status]").textContent = box.dataset.ckitSays.replace("{percent}", refresh(box));
  const target = new URL(link);
  target.searchParams.set("text", next);
  // Written by the server: browsers keep what script writes for a week only. The page may be left meanwhile.
  fetch(target, { keepalive: true, redirect: "manual" }).catch(() => {});
});
