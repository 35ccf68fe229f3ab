// A purpose and its companies go together: ticking one company ticks the purpose, taking away the last one takes it away.
// Without this the page says how they go together.
const together = ({ target }) => {
  const box = target.closest("fieldset");
  if (!box) return;
  const purpose = box.querySelector("[name=purpose]");
  const vendors = [...box.querySelectorAll("[name=vendor]")];
  if (!purpose || !vendors.length) return;
  if (target === purpose) for (const each of vendors) each.checked = purpose.checked;
  else purpose.checked = vendors.some((each) => each.checked);
};
