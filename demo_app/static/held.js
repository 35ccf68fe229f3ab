// Keeps the counters of /held up to date while somebody looks at them.
"use strict";

const list = document.getElementById("held-counters");
const note = document.getElementById("held-live");

async function count() {
  if (document.hidden) return;
  const answer = await fetch("/held.json", { headers: { accept: "application/json" } });
  if (!answer.ok) return;
  const parties = await answer.json();
  for (const item of list.querySelectorAll("[data-party]")) {
    const { total, sites } = parties[item.dataset.party];
    const bare = sites["bare.localhost"] || 0;
    item.querySelector("[data-count=protected]").textContent = total - bare;
    item.querySelector("[data-count=bare]").textContent = bare;
  }
}

note.textContent = "The numbers are live.";
setInterval(() => count().catch(() => {}), 2000);
document.addEventListener("visibilitychange", () => count().catch(() => {}));
