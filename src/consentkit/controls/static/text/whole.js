// A page of ordinary length is enlarged in one go.

const marked = () => [...scopes].flatMap((scope) => [...scope.querySelectorAll(MARKED)]);
// The page is compared with itself as it was: unscaled once, read, scaled, mended. Nothing is painted in between.
const whole = () => {
  const all = [...owners(page)];
  total = all.length;
  if (isLong()) return queue(all);
  pending = [];
  run++;
  const old = sleeping(() => {
    known = new WeakMap();
    before = new WeakMap();
    for (const each of all) known.set(each, measure(each));
    remember(parents(all));
    width = Math.max(page.scrollWidth, doc.body ? doc.body.scrollWidth : 0);
    return once(() => pairs(places(all)));
  });
  all.forEach(grow);
  const boxes = parents(all);
  relax(boxes);
  for (let round = 0; round < 3 && part(all, old); round++) relax(boxes);
};
// Reads with the sizes that are there now.
const once = (read) => {
  const kept = ratio;
  ratio = 1;
  const result = read();
  ratio = kept;
  return result;
};
const sleeping = (read) => {
  sheet.disabled = true;
  for (const each of styled.keys()) restyle(each, "");
  settle();
  const result = read();
  sheet.disabled = false;
  return result;
};
const clear = (marks) => {
  for (const mark of marks) {
    for (const scope of scopes) for (const each of scope.querySelectorAll("[" + mark + "]")) each.removeAttribute(mark);
  }
};
