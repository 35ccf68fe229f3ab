// Runs scripts that were held back, as the parser would have run them: fetched when they are first needed (choice.js).
// `again`: what to do when this document can't take them.
document.currentScript.ckitRun = async (scripts, again) => {
  const doc = document;
  const was = (script, name) => script.getAttribute("data-ckit-" + name) ?? (name === "type" ? "" : script.getAttribute(name));
  const isModule = (script) => was(script, "type").trim().toLowerCase() === "module";
  const isFile = (script) => (was(script, "src") || was(script, "href")) !== null;
  const isAsync = (script) => script.hasAttribute("async") && (isFile(script) || isModule(script));
  const isDeferred = (script) => !isAsync(script) && (isModule(script) || (isFile(script) && script.hasAttribute("defer")));
  let left = false;
  const leave = () => {
    if (!left) again();
    left = true;
  };
  // What writes into the document can only do so while it is parsed; afterwards that wipes it.
  if (scripts.some((script) => /document\s*\.\s*write/.test(script.textContent))) return leave();
  doc.write = doc.writeln = leave;
  // The page's policy may admit some of them and not others.
  const origins = scripts.map((script) => was(script, "src") && new URL(was(script, "src"), doc.baseURI).origin);
  const refused = ({ blockedURI, disposition, violatedDirective }) => {
    if (disposition === "report" || !/^(script|default)-src/.test(violatedDirective)) return;
    if (blockedURI === "inline" || origins.some((origin) => origin && blockedURI.startsWith(origin))) leave();
  };
  doc.addEventListener("securitypolicyviolation", refused);
  // Stand-ins make way, and what was said to them is handed over in the end (stubs.js).
  const vendors = scripts.map((script) => script.dataset.ckitVendor);
  const stubs = [...doc.querySelectorAll("script[data-ckit-stubs]")].filter((each) => vendors.includes(each.dataset.ckitOf));
  const names = stubs.flatMap((each) => each.dataset.ckitStubs.split(" ").map((stub) => stub.slice(0, -2)));
  const hands = names.map((name) => window[name]?.ckit?.()).filter(Boolean);
  const handOver = () => hands.forEach((hand) => hand());
  // Who comes late still gets the events that were waited for, once all have run.
  let over = false;
  const events = { DOMContentLoaded: [], load: [] };
  const tell = (type, handler) => over ? setTimeout(handler) : events[type].push(handler);
  const late = (target) => {
    const own = Object.hasOwn(target, "addEventListener");
    const add = target.addEventListener;
    target.addEventListener = function (type, listener, ...more) {
      const past = (type === "DOMContentLoaded" && doc.readyState !== "loading") || (type === "load" && doc.readyState === "complete");
      if (!past || !listener) return add.call(this || target, type, listener, ...more);
      tell(type, () => listener.handleEvent ? listener.handleEvent(new Event(type)) : listener.call(target, new Event(type)));
    };
    return () => own ? target.addEventListener = add : delete target.addEventListener;
  };
  const restore = [late(doc), late(window)];
  const run = (old) => new Promise((next) => {
    const script = doc.createElementNS(old.namespaceURI, old.localName);
    for (const { name, value } of old.attributes) {
      if (name !== "type" && !/^data-ckit-(purpose|vendor)$/.test(name)) {
        script.setAttribute(name.replace("data-ckit-", ""), value);
      }
    }
    script.async = old.hasAttribute("async");
    script.nonce = old.nonce;
    script.textContent = old.textContent;
    const { onload } = window;
    const ran = () => {
      if (window.onload !== onload && typeof window.onload === "function" && doc.readyState === "complete") {
        tell("load", window.onload.bind(window, new Event("load")));
      }
      next();
      if (over) handOver();
    };
    // A browser that knows modules never runs what is for those that do not, and says nothing of it.
    const tells = isFile(old) && (isModule(old) || !old.hasAttribute("nomodule"));
    if (tells) script.addEventListener("load", ran), script.addEventListener("error", ran);
    old.replaceWith(script);
    if (!tells) ran();
  });
  const started = [];
  try {
    for (const script of scripts.filter((each) => !isDeferred(each))) {
      started.push(run(script));
      if (!isAsync(script)) await started.at(-1);
      if (left) return;
    }
    await Promise.all(scripts.filter(isDeferred).map(run));
    // A module in the page does not tell when it has run.
    if (scripts.some((script) => isModule(script) && !isFile(script))) await new Promise((next) => setTimeout(next, 200));
  } catch (trustedTypes) {
    leave();
  }
  over = true;
  handOver();
  delete doc.write;
  delete doc.writeln;
  for (const handler of [...events.DOMContentLoaded, ...events.load]) setTimeout(handler);
  // A violation is told a moment after it happened.
  setTimeout(() => doc.removeEventListener("securitypolicyviolation", refused), 500);
  await Promise.all(started);
  restore.forEach((each) => each());
};
