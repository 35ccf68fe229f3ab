// Text size without leaving the page. The links become buttons, for that is what they are then.
const steps = [100, 112, 125, 150, 175, 200];
let grows = page.hasAttribute("data-ckit-text");
let link = null;
const size = () => +page.dataset.ckitText || 100;
const after = (action) => action === "text-reset" ? 100 : steps[steps.indexOf(size()) + (action === "text-larger" ? 1 : -1)];
const refresh = (box) => {
  const value = box.querySelector("[data-ckit-value]");
  const text = (size() / 100).toLocaleString(root().lang, { style: "percent" });
  // Only what changes is announced.
  if (value.textContent !== text) value.textContent = text;
  for (const each of box.querySelectorAll("button")) {
    each.setAttribute("aria-disabled", [undefined, size()].includes(after(each.dataset.ckitAction)));
  }
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
  refresh(box);
};
doc.addEventListener("toggle", ({ target }) => {
  if (!target.matches("[data-ckit-size]")) return;
  turn(target);
  delete doc.getElementById("ckit-saved").dataset.ckitOn;
}, true);
ready(() => doc.querySelectorAll("[data-ckit-size][open]").forEach(turn));
doc.addEventListener("click", async (event) => {
  const button = event.target.closest && event.target.closest("button[data-ckit-action^=text-]");
  if (!button) return;
  const next = after(button.dataset.ckitAction);
  if (!next || next === size()) return;
  if (!grows && state().ckitGrow) await load(state().ckitGrow);
  grows = true;
  if (next === 100) page.removeAttribute("data-ckit-text");
  else page.dataset.ckitText = next;
  doc.dispatchEvent(new Event("ckit:text"));
  const box = button.closest("details");
  refresh(box);
  const target = new URL(link);
  target.searchParams.set("text", next);
  // Written by the server: browsers keep what script writes for a week only. The page may be left meanwhile.
  fetch(target, { keepalive: true, redirect: "manual" }).catch(() => {});
});
// Escape closes the text size panel. In the banner it does nothing: putting it away is not an answer.
doc.addEventListener("keydown", (event) => {
  const box = event.key === "Escape" && doc.activeElement.closest("#ckit-root details[open]");
  if (!box) return;
  box.open = false;
  box.querySelector("summary").focus();
});
