// What every page has from its first moment. What may run stands on our root, where the server wrote it.
window.ckit = {
  allows: (purpose, vendor) =>
    !!document.getElementById("ckit-root")?.dataset[vendor ? "ckitVendors" : "ckitGranted"]?.split(" ").includes(vendor || purpose),
  on: (name, tell) => document.addEventListener("ckit:" + name, (event) => tell(event.detail)),
};
