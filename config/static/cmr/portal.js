// What htmx does not say by itself: that something is on its way, and that it did not arrive.
(() => {
  const words = document.currentScript.dataset;

  const say = (text) => {
    const line = document.createElement("p");
    line.className = "message";
    line.textContent = text;
    document.getElementById("status").replaceChildren(line);
  };

  addEventListener("htmx:beforeRequest", () => document.body.setAttribute("aria-busy", "true"));
  addEventListener("htmx:afterRequest", () => document.body.removeAttribute("aria-busy"));
  addEventListener("htmx:sendError", () => say(words.offline));
  addEventListener("htmx:timeout", () => say(words.offline));

  // A form that is on its way is not sent a second time. The server takes a repeat for what it is;
  // this only spares the wait. Nothing is disabled, so that the pressed button is sent along.
  addEventListener(
    "submit",
    (event) => {
      if (event.target.method !== "post") return;
      if (event.target.dataset.sent) {
        event.preventDefault();
        event.stopImmediatePropagation();
        return;
      }
      event.target.dataset.sent = "1";
      event.submitter?.setAttribute("aria-busy", "true");
    },
    true,
  );
  const takeAgain = () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
    for (const button of document.querySelectorAll("button[aria-busy]")) button.removeAttribute("aria-busy");
  };
  addEventListener("htmx:afterRequest", takeAgain);
  addEventListener("pageshow", takeAgain);

  // What changed is said at the top; whoever is further down is told, and not moved there.
  addEventListener("htmx:afterSettle", () => {
    const status = document.getElementById("status");
    const done = status && status.querySelector(".done");
    if (done && status.getBoundingClientRect().bottom < 0) done.classList.add("float");
  });

  // One tick for all of a list. It goes when one of the list is taken out again: what is sent is
  // what is seen. How many are selected stands beside the buttons.
  addEventListener("change", (event) => {
    const changed = event.target;
    const form = changed.form;
    if (!form || !changed.matches(".tick")) return;
    if (changed.dataset.ticks) {
      for (const box of form.querySelectorAll(`[name=${changed.dataset.ticks}]`)) box.checked = changed.checked;
    }
    if (!changed.checked) {
      for (const box of form.querySelectorAll("[data-ticks]")) box.checked = false;
    }
    const all = form.querySelector("[data-number]:checked");
    const number = all ? all.dataset.number : form.querySelectorAll("[name=brand]:checked").length;
    document.getElementById("number-selected").textContent = number;
  });
})();
