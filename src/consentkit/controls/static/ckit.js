// What every page has from its first moment. What may run stands on our root, where the server wrote it. In each page, so
// written short: p is a purpose, v one of its companies, f whom to tell.
window.ckit = {
  allows: (p, v) => !!document.querySelector(`#ckit-root[data-ckit-${v ? "vendors" : "granted"}~="${v || p}"]`),
  on: (name, f) => document.addEventListener("ckit:" + name, ({ detail }) => f(detail)),
};
