"use strict";
// The filter of the resources. Without it every resource is still there, folded by cluster and concern.
(() => {
  const box = document.getElementById("filter");
  const input = document.getElementById("filter-text");
  const count = document.getElementById("filter-count");
  const places = [...document.querySelectorAll("details.place")].map((place) => ({
    place,
    wasOpen: place.open,
    name: place.querySelector("h4").textContent.toLowerCase(),
    note: place.querySelector("summary .note"),
    total: place.querySelector("summary .note").textContent,
    concerns: [...place.querySelectorAll("details.concern")].map((concern) => ({
      concern,
      note: concern.querySelector("summary .note"),
      total: concern.querySelector("summary .note").textContent,
      name: concern.querySelector("summary").textContent.toLowerCase(),
      resources: [...concern.querySelectorAll("details.resource")].map((resource) => ({
        resource,
        text: resource.querySelector("summary").textContent.toLowerCase(),
      })),
    })),
  }));

  const apply = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { place, wasOpen, name, note, total, concerns } of places) {
      let inPlace = 0;
      for (const { concern, name: concernName, note: concernNote, total: concernTotal, resources } of concerns) {
        let inConcern = 0;
        for (const { resource, text } of resources) {
          const all = `${text} ${name} ${concernName}`;
          resource.hidden = !words.every((word) => all.includes(word));
          inConcern += !resource.hidden;
        }
        concern.hidden = inConcern === 0;
        concernNote.textContent = words.length > 0 ? `${inConcern} of ${concernTotal}` : concernTotal;
        concern.open = words.length > 0 && inConcern > 0;
        inPlace += inConcern;
      }
      place.hidden = inPlace === 0;
      note.textContent = words.length > 0 ? `${inPlace} of ${total}` : total;
      place.open = words.length > 0 ? inPlace > 0 : wasOpen;
      shown += inPlace;
    }
    count.textContent = words.length > 0 ? `${shown} ${shown === 1 ? "resource" : "resources"}` : "";
  };

  box.hidden = false;
  input.addEventListener("input", apply);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      input.value = "";
      apply();
    }
  });
})();
