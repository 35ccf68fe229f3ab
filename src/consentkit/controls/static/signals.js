// First in the head: tells the tags of Google and Microsoft what was agreed to before they can ask, and again when it
// changes. It loads nothing. SIGNALS is put in by signals.py: tool -> signal -> the names of purposes and companies
// that have to be agreed to.
const doc=document,signals=SIGNALS;
let now=doc.currentScript.dataset.ckitNow.split(" ");
const state=(tool)=>Object.fromEntries(Object.entries(signals[tool]).map(([signal,names])=>
[signal,names.every((name)=>now.includes(name))?"granted":"denied"]));
const tell=(how)=>{
// Tags take only what stands in their queue as the arguments of a call, not as a list.
const push=function(){(window.dataLayer=window.dataLayer||[]).push(arguments)};
if(signals.google)push("consent",how,state("google"));
if(signals.uet)(window.uetq=window.uetq||[]).push("consent",how,state("uet"));
if(signals.clarity&&now.includes("clarity")){
window.clarity=window.clarity||function(){(window.clarity.q=window.clarity.q||[]).push(arguments)};
window.clarity("consentv2",state("clarity"));
}
};
tell("default");
doc.addEventListener("ckit:change",({detail:{granted,vendors}})=>{
now=[...granted,...Object.keys(vendors).filter((name)=>vendors[name])];
tell("update");
});
