// What stubs.js has made elsewhere on this page, for one more held script.
document.querySelector("script[data-ckit-stubs]").ckitMake?.(document.currentScript);
