// Stands before a held script, in place of the globals that it would have made: what other scripts of the page tell
// them is kept, so that nothing throws, and handed over when the script comes alive (see choice.js).
// Further ones on the page are made by stubs_more.js with the same function.
const make = (me) => {
  for (const word of me.dataset.ckitStubs.split(" ")) {
    const name = word.slice(0, -2), kind = word.slice(-2), old = window[name];
    // An element with that id is no function. A queue that others filled before is kept, with what is in it.
    if (old && !(old instanceof Element) && (old.ckit || kind !== "[]" || old.push !== [].push)) continue;
    let calls = [];
    // Leaving a page often waits until something was measured. Nothing is, so the page goes on at once.
    const go = (arg) => {
      for (const key of ["hitCallback", "event_callback", "eventCallback"]) {
        if (typeof arg?.[key] === "function") {
          setTimeout(arg[key]);
          arg = { ...arg, [key]: undefined };
        }
      }
      return arg;
    };
    // A page's own gtag() pushes the arguments of its call.
    const goAll = (item) => {
      if ({}.toString.call(item) === "[object Arguments]") for (let at = 0; at < item.length; at++) item[at] = go(item[at]);
      return go(item);
    };
    // More than this nobody will ever want to know.
    const keep = (...path) => calls.length < 999 && calls.push(path);
    const object = (path) => new Proxy(function () {}, {
      get: (own, key) => key in own ? own[key] : typeof key === "symbol" || /^(_|then$|toJSON$|loaded|invoked|booted|initiali|version|[A-Z_]+$)/.test(key) ? undefined : object([...path, key]),
      apply: (own, self, args) => {
        keep(...path, args);
        return object([...path, args]);
      },
    });
    const list = kind === "[]" && (old?.push ? old : []);
    const from = list.length;
    const made = list || (kind === "()" ? function (...args) { keep(name, args.map(go)); } : object([name]));
    const hidden = (key, value) => Object.defineProperty(made, key, { value, configurable: true, writable: true });
    if (list) hidden("push", (...items) => [].push.apply(list, items.map(goAll)));
    // Makes way for the script. Returns what hands over, in order, once there is somebody to take it.
    hidden("ckit", () => {
      delete made.ckit;
      if (list) {
        delete list.push;
        // What was agreed to has to be there before the tag says its first word.
        for (const item of list.splice(from)) item?.[0] === "consent" ? list.push(item) : keep(name, "push", [item]);
      } else if (window[name] === made) delete window[name];
      return () => {
        if (!window[name] || window[name] === made && !list) return;
        for (const path of calls.splice(0)) {
          let self, at = window;
          try {
            for (const step of path) [self, at] = Array.isArray(step) ? [undefined, at.apply(self, step)] : [at, at[step]];
          } catch (error) {
            console.error(error);
          }
        }
      };
    });
    window[name] = made;
  }
};
document.currentScript.ckitMake = make;
make(document.currentScript);
