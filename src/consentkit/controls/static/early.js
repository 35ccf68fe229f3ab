// First in the head of a page that is the same for everyone: who has chosen sees no banner, and who needs a page of
// their own gets it. There it only takes the parameter out of the address again, before the site's scripts read it.
// A signature can't be checked here and need not be: what runs is for the server to say. Names in capitals are put in
// by sheets.py. It stands in each such page, so it is written short: f is the choice, with the cookie's own names.
const doc=document,mine=doc.currentScript.dataset,at=location.href,own=/[?&]ckit=1(?=#|$)/,came=own.test(at);
if(came)history.replaceState(history.state,"",at.replace(own,""));
if(mine.ckitAnyone){
let f,two,day=Date.now()/864e5;
for(const each of doc.cookie.split("; ")){
const text=/^(?:__Host-)?NAME=(.+)\.|$/.exec(each)[1],g=Object.fromEntries(new URLSearchParams(text));
if(g.v==1&&g.e>day&&g.d<day+.0034)two=f,f=g,mine.ckitChoice=text;
}
const fits=f&&!two&&FITS;
// A copy that came for that parameter is nobody's own either: asking again would never end.
const away=!came&&(GPC&&navigator.globalPrivacyControl&&(!f||f.g||f.gv)||f&&(!fits||location.hash=="#ckit-saved"));
if(fits)mine.ckitFits=1;
if(away)mine.ckitAway=1,location.replace(at.replace(/(?=#|$)/,(location.search?"&":"?")+"ckit=1"));
// Runs before what was parsed is painted.
const find=(what)=>doc.querySelector("#ckit-root "+what),watch=new MutationObserver(()=>{
find("[data-ckit-ui=banner]")?.remove();
if(find("form"))watch.disconnect(),find("a[hidden]")?.removeAttribute("hidden");
});
if(fits||away)watch.observe(doc,{childList:true,subtree:true});
}
