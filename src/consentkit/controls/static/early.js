// First in the head of a page that is the same for everyone: who has chosen sees no banner, and who needs a page of
// their own gets it. There it only takes the parameter out of the address again, before the site's scripts read it.
// A signature can't be checked here and need not be: what runs is for the server to say. Names in capitals are put in
// by sheets.py. It stands in each such page, so it is written short: f is the choice, with the names of the cookie.
const doc=document,me=doc.currentScript.dataset,go=location,at=go.href,own=/[?&]ckit=1(?=#|$)/,came=own.test(at);
if(came)history.replaceState(history.state,"",at.replace(own,""));
if(me.ckitAnyone){
let f,two,day=Date.now()/864e5;
for(const [,s] of doc.cookie.matchAll(/(?:^|; )(?:__Host-)?NAME=([^;]+)\./g)){
const g=Object.fromEntries(new URLSearchParams(s));
if(g.v==1&&g.e>day&&g.d<day+.0034)two=f,f=g,me.ckitChoice=s;
}
// A copy that came for that parameter is nobody's own either: asking again would never end.
const fits=f&&!two&&FITS,away=!came&&(GPC&&navigator.globalPrivacyControl&&(!f||f.g||f.gv)||f&&(!fits||/#ckit-saved$/.test(at)));
me.ckitIs=[fits,away,came];
if(away)go.replace(at.replace(/(?=#|$)/,(go.search?"&":"?")+"ckit=1"));
// Runs before what was parsed is painted.
const find=s=>doc.querySelector("#ckit-root "+s),watch=new MutationObserver(()=>{
find("[data-ckit-ui=banner]")?.remove();
if(find("form"))watch.disconnect(),find("a[hidden]")?.removeAttribute("hidden");
});
if(fits||away)watch.observe(doc,{childList:true,subtree:true});
}
