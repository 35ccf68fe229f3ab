"""One page for each way in which enlarged text goes wrong, written for these tests. Names say what is hard."""

from __future__ import annotations

from pathlib import Path

VIEWPORT = '<meta name=viewport content="width=device-width, initial-scale=1">'
WORDS = "The river rose again in the night, and the ferry stayed on the other bank until noon. "


def page(style: str, body: str, *, html: str = "lang=en", head: str = VIEWPORT) -> str:
    return (
        f"<!DOCTYPE html><html {html}><head><meta charset=utf-8><title>The river</title>{head}"
        f"<style>body{{margin:0}}{style}</style></head><body>{body}</body></html>"
    )


TEXT_PAGES: dict[str, str] = {
    "px": page(
        "body{font:14px/18px Verdana,sans-serif}h1{font-size:28px;line-height:32px}.small{font-size:11px}",
        f"<h1>Sizes in pixels</h1><p>{WORDS * 2}</p><p class=small>{WORDS}</p><ul><li><a href=#>A link</a><li>Plain</ul>",
    ),
    "rem": page("html{font-size:62.5%}body{font-size:1.6rem}h1{font-size:3rem}", f"<h1>In rem</h1><p>{WORDS * 2}</p>"),
    "fluid": page(
        "h1{font-size:clamp(20px,4vw,44px)}p{font-size:calc(12px + .4vw);line-height:1.5}.w{width:100vw}"
        "@media(max-width:700px){p{font-size:13px}}",
        f"<div class=w><h1>Sizes from the window</h1><p>{WORDS * 3}</p></div>",
    ),
    "nested": page(
        "div{font-size:1.1em}i{font-size:.8em}b{font-size:120%}",
        f"<div>One <div>two <div>three <i>four <b>five</b></i></div></div></div><p>{WORDS}</p>",
    ),
    "heights": page(
        "p{font-size:13px}.card{height:80px;width:240px;overflow:hidden;border:1px solid}.bar{height:40px;line-height:40px;"
        "overflow:hidden}.spill{height:50px}.most{max-height:60px;overflow:hidden}",
        f"<div class=bar>One line in a bar</div><div class=card><p>{WORDS}</p></div>"
        f"<div class=spill><p>{WORDS * 2}</p></div><div class=most><p>{WORDS}</p></div><p>{WORDS}</p>",
    ),
    "clamp": page(
        "body{font-size:15px}.three{display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:3;overflow:hidden;"
        "width:420px;max-width:100%}.dots{white-space:nowrap;overflow:hidden;text-overflow:ellipsis;width:300px}",
        f"<div class=three>{WORDS}</div><div class=dots>A headline with room for all</div><p>{WORDS}</p>",
    ),
    "menu": page(
        "nav{height:24px;white-space:nowrap;overflow:hidden;font-size:10px}nav a{float:left;width:60px;height:24px;"
        "line-height:24px;text-align:center}ul{display:flex;gap:8px;list-style:none;padding:0;font-size:12px}",
        "<nav><a href=#>HOME</a><a href=#>SPORT</a><a href=#>WEATHER</a><a href=#>CULTURE</a></nav>"
        f"<ul><li>Politics<li>Economy<li>Neighbours<li>Football</ul><p>{WORDS}</p>",
    ),
    "columns": page(
        "body{font-size:12px}#page{position:relative;max-width:900px;min-height:200px}#left{width:45%}"
        "#right{position:absolute;left:50%;top:60px;width:45%}#head{height:60px;overflow:hidden;font-size:20px}",
        f"<div id=page><div id=head>The paper of both banks</div><div id=left>{WORDS * 4}</div>"
        f"<div id=right>{WORDS * 2}</div></div><p>{WORDS}</p>",
    ),
    "tables": page(
        "td{font:11px Arial;vertical-align:top}",
        f"<table width='100%'><tr><td width='30%'>News<br>Sport<td><b>Last ferry</b><br>{WORDS}<table><tr><td>{WORDS}"
        f"</table></table><table border=1><tr><th>Goods<th>Price<tr><td>Trout<td>7.00</table>",
    ),
    "late": page(
        "#a{font-size:20px}.s{font-size:12px}",
        f"<div id=a>Here</div><p>{WORDS}</p><script>setTimeout(()=>{{const a=document.getElementById('a');"
        "a.innerHTML='<span class=s>small</span> and <em>its parent&#39;s</em>';a.append(' and bare')},30)</script>",
    ),
    "shadow": page(
        "body{font-size:13px}",
        "<my-card><b>slotted</b></my-card><p>Outside</p><script>customElements.define('my-card',class extends HTMLElement{"
        "connectedCallback(){const r=this.attachShadow({mode:'open'});r.innerHTML="
        "'<style>p{font-size:12px;height:20px;overflow:hidden}</style><p>Inside <i>the card</i> <slot></slot></p>'}})</script>",
    ),
    "forms": page(
        "input,select,button,textarea{font:13px Arial}input{height:22px;width:120px}button{width:70px;height:24px;"
        "overflow:hidden}label{font-size:12px;white-space:nowrap}",
        "<form><label>Name <input value=Nada></label> <select><option>Both banks</select> <button>Subscribe</button>"
        " <input type=submit value='Send it' style='font-size:12px!important'><textarea rows=2>Text</textarea></form>",
    ),
    "important": page(
        "@layer base{p{font-size:13px}}#x #y #z p{font-size:15px!important;line-height:17px!important}a{transition:all 1s}",
        f"<div id=x><div id=y><div id=z><p>{WORDS}<a href=#>A slow link</a></p></div></div></div>"
        f"<p style='font-size:12px!important;color:navy'>{WORDS}</p>",
    ),
    "sheet": page(
        "p{font-size:14px}",
        f"<h1>Late</h1><p>{WORDS * 2}</p><script>setTimeout(()=>{{const s=document.createElement('style');"
        "s.textContent='p{font-size:18px}h1{font-size:22px}';document.head.append(s)},0)</script>",
    ),
    # A web font that is much wider than what stood in for it, and comes when the page has long been shown.
    "font": page(
        "@font-face{font-family:Late;src:local('DejaVu Sans');font-display:swap}body{font:14px/18px 'Liberation Sans Narrow',"
        "Arial Narrow,sans-serif}html.late p{font-family:Late}.box{width:240px;height:80px;overflow:hidden}",
        f"<div class=box><p>{WORDS * 2}</p></div><p>{WORDS}</p>"
        "<script>setTimeout(()=>document.fonts.load('14px Late').then(()=>document.documentElement.classList.add('late')),60)"
        "</script>",
    ),
    "rtl": page(
        "body{font:14px/20px serif}.side{float:right;width:120px;height:60px}",
        "<div class=side>ارتفع النهر مرة أخرى في الليل</div><p>بقيت العبارة على الضفة الأخرى حتى الظهر.</p><p>نهاية</p>",
        html="lang=ar dir=rtl",
    ),
    "bare": page("", f"Text of the body itself, 17&nbsp;px? <b>and bold</b><br>{WORDS}<p>{WORDS}</p>and its end."),
    "marks": page(
        "body{font-size:12px}ol a{font-size:12px}", f"<ol><li><a href=#>One</a><li><a href=#>Two</a></ol>{WORDS}"
    ),
    # The demo's page of 2003, as a paper made it then.
    "newspaper": (Path(__file__).parents[2] / "demo_app/templates/archive/2003.html").read_text(encoding="utf-8"),
}

# Takes over what the server sent as React does (texts and attributes that it did not expect are an error, attributes
# beyond them are not), patches single texts, and in the end throws everything in the body away and builds it anew.
HYDRATED = """
<!DOCTYPE html><html lang=en><head><title>The river</title></head><body><div id=app><h1 class=big>The river</h1><p style="color: navy;">It <b>rose</b> again</p><input value=name></div>
<script>
const E = (tag, attributes, ...inside) => ({ tag, attributes, inside });
const tree = (water) => E("div", { id: "app" }, E("h1", { class: "big" }, "The river"),
  E("p", { style: "color: navy;" }, "It ", E("b", {}, water), " again"), E("input", { value: "name" }));
const take = (node, want) => {
  if (typeof want === "string") {
    if (node.nodeType !== 3 || node.data !== want) throw new Error("text differs: " + node.textContent);
    return;
  }
  if (node.localName !== want.tag) throw new Error("element differs: " + node.nodeName);
  for (const [name, value] of Object.entries(want.attributes)) {
    if (node.getAttribute(name) !== value) throw new Error(name + " differs: " + node.getAttribute(name));
  }
  if (node.childNodes.length !== want.inside.length) throw new Error("children differ in " + node.outerHTML);
  want.inside.forEach((each, index) => take(node.childNodes[index], each));
};
const build = (want) => {
  if (typeof want === "string") return document.createTextNode(want);
  const made = document.createElement(want.tag);
  for (const [name, value] of Object.entries(want.attributes)) made.setAttribute(name, value);
  made.append(...want.inside.map(build));
  return made;
};
addEventListener("load", () => take(document.getElementById("app"), tree("rose")));
window.patch = () => { take(document.getElementById("app"), tree("rose"));
  document.querySelector("#app b").firstChild.data = "fell"; };
window.rebuild = () => { take(document.getElementById("app"), tree("fell"));
  document.getElementById("app").replaceWith(build(tree("sank"))); };
</script>
"""
# A site with a size control of its own, in two kinds: a class on html, a style on body.
OWN_SIZES = (
    "<!DOCTYPE html><html lang=en><title>The river</title><style>html{font-size:16px}html.more{font-size:20px}p{font-size:1rem}div{font-size:1.5em}</style><p>In rem</p>"
    "<div>In em</div><button onclick=\"document.documentElement.classList.toggle('more')\">A+</button>"
    "<button onclick=\"document.body.style.fontSize='30px'\">A++</button>"
)

# Pages with a script that has a will of its own.
LIVING_PAGES = {"hydrated": HYDRATED, "sizes": OWN_SIZES}
