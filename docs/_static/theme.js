// Before anything is drawn, or a dark page would flash white. Furo has it inline.
document.body.dataset.theme = localStorage.getItem("theme") || "auto";
