// What the console's pages do beside what they say.
(() => {
  // An import that renews itself: an answer that is no page of it (the server restarts, the session
  // is over) would leave nothing on the screen.
  addEventListener("htmx:beforeSwap", (event) => {
    if (event.target.id === "job" && !event.detail.serverResponse.includes('id="job"')) event.detail.shouldSwap = false;
  });

  // "All" goes with no other tick, and no other tick with "All".
  addEventListener("change", (event) => {
    const ticked = event.target;
    if (!ticked.checked || !ticked.dataset.alone) return;
    const isAll = (box) => box.value === ticked.dataset.alone;
    for (const box of document.getElementsByName(ticked.name)) {
      if (isAll(box) !== isAll(ticked)) box.checked = false;
    }
  });
})();
