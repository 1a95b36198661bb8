// What the console's pages do beside what they say.
(() => {
  // An import that renews itself: an answer that is no page of it (the server restarts, the session
  // is over) would leave nothing on the screen.
  addEventListener("htmx:beforeSwap", (event) => {
    if (event.target.id === "job" && !event.detail.serverResponse.includes('id="job"')) event.detail.shouldSwap = false;
  });
})();
