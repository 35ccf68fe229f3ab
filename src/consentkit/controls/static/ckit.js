// What every page has from its first moment: window.ckit. What may run stands on our root, where the server wrote it.
// The sources are put together inside one block, so that nothing but window.ckit becomes global.
const doc = document;
const root = () => doc.getElementById("ckit-root");
const state = () => root()?.dataset || {};
window.ckit = {
  allows: (purpose, vendor) => !!state()[vendor ? "ckitVendors" : "ckitGranted"]?.split(" ").includes(vendor || purpose),
  on: (name, tell) => doc.addEventListener("ckit:" + name, (event) => tell(event.detail)),
};
