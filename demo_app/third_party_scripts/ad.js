/* Demo Ads: fills the slot it stands in with a picture, a frame and a pixel that counts the impression. */
(function () {
  "use strict";
  var me = document.currentScript;
  var origin = new URL(me.src).origin;
  var slot = me.closest("[data-ad-slot]") || me.parentNode;

  function add(name, attributes) {
    var element = document.createElement(name);
    Object.keys(attributes).forEach(function (key) {
      element.setAttribute(key, attributes[key]);
    });
    slot.appendChild(element);
  }

  add("img", { src: origin + "/creative.svg", width: 300, height: 250, class: "ad-picture",
               alt: "Mountain honey from Zelenika, straight from the beekeeper" });
  add("iframe", { src: origin + "/frame", width: 300, height: 60, class: "ad-frame", title: "More offers" });
  add("img", { src: origin + "/pixel.gif?seen=1", width: 1, height: 1, class: "ad-pixel", alt: "" });
})();
