// A long page is worked through in slices: what is in sight at once, the rest while the reader reads.

let plan = []; // the slices of a long page
let last = []; // and what holds many others: it is written when they are, for they inherit from it
let reading = [];
let writing = [];
let run = 0;
let relaxed = new WeakSet(); // boxes that have been looked at since the size was chosen
const isLarge = (each) => each.getElementsByTagName("*").length > 200;
const chunk = (own, near = own) => ({ own, near, old: null });
const chunks = (all) => {
  const found = [];
  for (let at = 0; at < all.length; at += SLICE) {
    // What lies upon each other is close in the document, too.
    found.push(chunk(all.slice(at, at + SLICE), all.slice(Math.max(0, at - 30), at + SLICE)));
  }
  return found;
};
const look = (chunk) => {
  const near = chunk.near.filter((each) => each.isConnected);
  const boxes = parents(near);
  chunk.old = unscaled(near, () => {
    for (const each of near) if (!known.has(each)) known.set(each, measure(each));
    remember(boxes);
    return once(() => pairs(places(near)));
  });
};
const write = ({ own, near, old }) => {
  const here = own.filter((each) => each.isConnected);
  const boxes = parents(here);
  // What was relaxed for another size is relaxed anew.
  for (const box of boxes) {
    if (relaxed.has(box)) continue;
    relaxed.add(box);
    for (const mark of MARKS.slice(1)) box.removeAttribute(mark);
  }
  here.forEach(grow);
  relax(boxes);
  if (part(near, old)) relax(boxes);
};
const queue = (all) => {
  pending = [];
  clear(MARKS);
  width = page.scrollWidth;
  const large = all.filter(isLarge);
  plan = chunks(all.filter((each) => !large.includes(each)));
  last = large.length ? [chunk(large)] : [];
  rewrite();
};
const rewrite = () => {
  relaxed = new WeakSet();
  const edge = ({ own }) => own[0].getBoundingClientRect();
  // Documents run downwards, so the first slice in sight is found by halving.
  let [low, high] = [0, plan.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edge(plan[middle]).bottom < 0) low = middle + 1;
    else high = middle;
  }
  low = Math.max(0, low - 1);
  let end = low + 1;
  while (end < plan.length && end < low + 10 && edge(plan[end]).top < innerHeight) end++;
  const first = plan.slice(low, end);
  const isNew = ({ old }) => !old;
  first.filter(isNew).forEach(look);
  first.forEach(write);
  // The rest is read before anything of it is written, below first.
  writing = [...plan.slice(end), ...plan.slice(0, low).reverse(), ...last];
  reading = writing.filter(isNew);
  work(++run);
};
const work = (own) => {
  if (own !== run || !isOn() || !(reading.length + writing.length)) return;
  const end = performance.now() + BUDGET;
  do {
    if (reading.length) look(reading.shift());
    else write(writing.shift());
  } while (reading.length + writing.length && performance.now() < end);
  setTimeout(work, 4, own);
};
const later = (elements) => {
  if (!elements.length) return;
  total += elements.length;
  const more = chunks(elements);
  if (!isLong()) return more.forEach((each) => (look(each), write(each)));
  // It has just become a long page.
  if (!plan.length) return queue([...owners(page)]);
  plan.push(...more);
  reading.push(...more);
  writing.unshift(...more);
  work(++run);
};
