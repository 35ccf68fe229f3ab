/* Demo Analytics: counts readers. Remembers them with an identifier in the newspaper's own cookie jar. */
(function () {
  "use strict";
  var here = new URL(document.currentScript.src);
  var known = document.cookie.match(/(?:^|; )da_reader=([0-9a-f]+)/);
  var reader = known ? known[1] : Math.random().toString(16).slice(2);
  document.cookie = "da_reader=" + reader + "; Path=/; Max-Age=34128000; SameSite=Lax";
  var hit = new URL("/hit", here.origin);
  hit.searchParams.set("reader", reader);
  hit.searchParams.set("page", location.pathname);
  fetch(hit, { credentials: "include" }).catch(function () {});
  window.demoAnalytics = { reader: reader };
})();
