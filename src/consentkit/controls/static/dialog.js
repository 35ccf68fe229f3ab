// The preferences page as a dialog over the page from which it was called: the same markup under the same sheet. It
// stands in a shadow tree, so no rule of the page reaches it. A module, for that is loaded without a Trusted Types sink.
let shown = null;
export const open = async (address, opener, pressed, nonce) => {
  const url = new URL(address);
  // A link of the owner's may say neither.
  if (!url.searchParams.has("lang")) url.searchParams.set("lang", document.getElementById("ckit-root").lang);
  url.searchParams.set("next", location.pathname + location.search);
  const made = await dialogOf(await read(url), nonce);
  // Another language of it, or a second click on a slow line.
  if (shown) shown.remove();
  shown = made;
  const dialog = made.shadowRoot.querySelector("dialog");
  made.shadowRoot.addEventListener("change", together);
  made.shadowRoot.addEventListener("submit", pressed);
  made.shadowRoot.addEventListener("click", ({ target }) => target.closest("[data-ckit-part=top] button") && dialog.close());
  dialog.addEventListener("close", () => {
    made.remove();
    if (shown === made) shown = null;
    // Browsers give the focus back to what had it, which in some is not a link that was clicked.
    if (document.activeElement === document.body && opener.isConnected) opener.focus({ preventScroll: true });
  });
  dialog.showModal();
};
// Not fetched as text: turning text into markup is what Trusted Types forbid. Here the browser gives a document.
const read = (url) => new Promise((done, failed) => {
  const request = new XMLHttpRequest();
  request.open("GET", url);
  request.responseType = "document";
  request.onload = () => request.status === 200 && request.response && request.response.querySelector("main #ckit-form")
    ? done(request.response)
    : failed(new Error(`The preferences page answered ${request.status}.`));
  request.onerror = () => failed(new Error("The preferences page can't be fetched from here."));
  request.send();
});
const dialogOf = (there, nonce) => new Promise((done, failed) => {
  const host = document.createElement("ckit-ui");
  host.dataset.ckitUi = "dialog";
  const dialog = document.createElement("dialog");
  const { lang, dir } = there.documentElement;
  Object.assign(dialog, { lang, dir });
  dialog.setAttribute("aria-labelledby", "ckit-heading");
  const main = there.querySelector("main");
  // What was chosen is said in the page below.
  main.querySelector("#ckit-saved").remove();
  // Boxes in place of landmarks, of which the page has its own.
  const box = (part, ...inside) => {
    const made = document.createElement("div");
    made.dataset.ckitPart = part;
    made.append(...inside);
    return made;
  };
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = main.dataset.ckitClose;
  const sheet = there.querySelector("link[rel=stylesheet]");
  // Its addresses are relative to where it came from, and a <base> of the page may name another place.
  for (const each of [sheet, ...there.links]) each.href = each.href;
  for (const each of there.links) each.target = "_self";
  const form = there.getElementById("ckit-form");
  form.setAttribute("action", new URL(form.getAttribute("action"), there.URL).href);
  form.target = "_self";
  sheet.nonce = nonce;
  // Shown when it is dressed. Where no sheet may be fetched the page itself is the better way.
  sheet.addEventListener("load", () => done(host));
  sheet.addEventListener("error", () => {
    host.remove();
    failed(new Error("The sheet of the preferences is not allowed here."));
  });
  dialog.append(box("top", close), box("main", ...main.childNodes), box("foot", ...there.querySelector("footer").childNodes));
  host.attachShadow({ mode: "open" }).append(sheet, dialog);
  document.getElementById("ckit-root").append(host);
});
