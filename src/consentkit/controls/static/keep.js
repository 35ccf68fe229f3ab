// What was typed stays when the page is fetched again (page.js): browsers keep the place for themselves, and not all of
// them the fields. It lies in this tab alone, from the moment before until the page is there.
const KEY = "ckit";
const LONGEST = 100000;
const fields = () => [...document.querySelectorAll("input,textarea,select")];
// Nothing secret, nothing that a page fills in itself.
const isKept = (field) => !/^(password|file|hidden|submit|button|image|reset)$/.test(field.type) && !/off|cc-|password|one-time/.test(field.autocomplete);
const name = (field) => [field.type, field.name, field.id].join(" ");
const picked = (field, how) => [...field.options].map((option) => +option[how]).join("");
const read = (field) => /^(checkbox|radio)$/.test(field.type) ? field.checked : field.options ? picked(field, "selected") : field.value;
const first = (field) => {
  if (/^(checkbox|radio)$/.test(field.type)) return field.defaultChecked;
  if (!field.options) return field.defaultValue;
  // A list that says nothing shows its first line.
  const said = picked(field, "defaultSelected");
  return field.type === "select-one" && !said.includes("1") ? said.replace("0", "1") : said;
};
const write = (field, value) => {
  if (/^(checkbox|radio)$/.test(field.type)) field.checked = value;
  else if (field.options) [...field.options].forEach((option, at) => option.selected = value[at] === "1");
  else field.value = value;
};
export const save = () => {
  // What was just said is said again by the page that comes.
  if (document.querySelector("#ckit-saved[data-ckit-on]") && !location.hash) history.replaceState(history.state, "", "#ckit-saved");
  const typed = fields().flatMap((field, at) => isKept(field) && read(field) !== first(field) ? [[at, name(field), read(field)]] : []);
  const text = JSON.stringify(typed);
  if (typed.length && text.length < LONGEST) sessionStorage.setItem(KEY, text);
};
export const restore = () => {
  const text = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  const all = fields();
  for (const [at, called, value] of JSON.parse(text || "[]")) {
    // The same field may stand elsewhere now: held things have come alive before it.
    const same = [all[at], ...all].find((field) => field && name(field) === called);
    if (same && isKept(same) && read(same) === first(same)) write(same, value);
  }
};
