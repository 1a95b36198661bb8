// What the console's pages do beside what they say.
(() => {
  // An import that renews itself: an answer that is no page of it (the server restarts, the session
  // is over) would leave nothing on the screen.
  addEventListener("htmx:beforeSwap", (event) => {
    if (event.target.id === "job" && !event.detail.serverResponse.includes('id="job"')) event.detail.shouldSwap = false;
  });

  // A file that is too large is not sent: the server would refuse it, after a long upload.
  addEventListener("change", (event) => {
    const most = Number(event.target.dataset.mostBytes);
    if (!most) return;
    const isTooLarge = [...event.target.files].some((file) => file.size > most);
    const said = document.getElementById("too-large");
    said.hidden = !isTooLarge;
    event.target.setCustomValidity(isTooLarge ? said.textContent : "");
    if (isTooLarge) document.getElementById("large-files").open = true;
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
