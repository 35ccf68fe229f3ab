// Finding the elements that own text, in open shadow roots too.

const pick = {
  acceptNode: (node) => node.nodeType === 1
    ? (node.matches(SKIP) ? 2 : 1)
    : (GLYPHS.test(node.data) ? 3 : 1),
};
const enter = (scope) => {
  if (scopes.has(scope)) return;
  scopes.add(scope);
  scope.adoptedStyleSheets = [...scope.adoptedStyleSheets, ...sheets];
  watch.observe(scope, { childList: true, subtree: true, characterData: true });
};
// The elements under a node that own text, in document order.
const owners = (node, found = new Set()) => {
  if (node.nodeType === 3) {
    const parent = node.parentElement || (node.parentNode && node.parentNode.host);
    if (parent && node.parentNode.nodeType === 1 && !GLYPHS.test(node.data) && inScope(parent)) found.add(parent);
    return found;
  }
  const first = node.nodeType === 11 ? node.host : node;
  if (!first || first.nodeType !== 1 || !first.isConnected || (first !== page && first.closest(SKIP))) return found;
  const everywhere = SCOPE === "html" || inScope(first);
  const walker = doc.createTreeWalker(node, 5, pick);
  let each = node.nodeType === 1 ? node : walker.nextNode();
  for (; each; each = walker.nextNode()) {
    if (each.nodeType === 3) {
      const parent = each.parentElement;
      if (parent && parent !== page && (everywhere || inScope(parent))) found.add(parent);
      continue;
    }
    if (each.matches(OWNS) && (everywhere || inScope(each))) found.add(each);
    if (each.shadowRoot) enter(each.shadowRoot), owners(each.shadowRoot, found);
    else if (each.localName.includes("-")) upgraded(each);
  }
  return found;
};
const names = new Set();
// A custom element gets its shadow when its script defines it, which no observer tells.
const upgraded = ({ localName }) => {
  if (names.has(localName) || customElements.get(localName)) return;
  names.add(localName);
  customElements.whenDefined(localName).then(() => isOn() && later([...owners(page)].filter((each) => !known.has(each))), () => {});
};
