// Search as you type: a dialog over the page, opened by the field in the sidebar, by "/" or Ctrl+K.
const ROOT = new URL(document.documentElement.dataset.content_root, location.href).href;
const MOST_RESULTS = 20;
const AROUND = 90; // characters shown before and after the first word found
const ENDING = /(?<=\w{4})(?:ings?|ed|es|s|e)$/; // bounce, bounces, bounced, bouncing are one word
const SYNONYMS = { timezone: "time zone", timezones: "time zone" };

const dialog = document.createElement("dialog");
dialog.className = "search";
dialog.setAttribute("aria-label", "Search the documentation");
dialog.innerHTML = `<form method="dialog"><input type="search" maxlength="100" placeholder="Search"
  aria-label="Search" autocomplete="off"><button>Close</button></form><p role="status"></p><ol></ol>`;
document.body.append(dialog);
const [input, status, list] = ["input", "p", "ol"].map((tag) => dialog.querySelector(tag));
let sections;

async function loadSections() {
  sections ??= fetch(`${ROOT}search.json`).then((answer) => answer.json());
  return sections;
}

function splitQuery(query) {
  const words = query.toLowerCase().split(/\s+/).map((word) => SYNONYMS[word] ?? word);
  return words.join(" ").split(" ").filter(Boolean).map((word) => word.replace(ENDING, ""));
}

function startOfWord(word) { // "_" ends a word: "said_no" is found by "no"
  return new RegExp(`(?<![a-z0-9])${word.replace(/[^a-z0-9]/g, "\\$&")}`, "gi");
}

// A word counts most in a heading, then in the page's title, and at most nine times in the text.
function scoreSection([url, page, heading, text], patterns) {
  let score = 0;
  for (const pattern of patterns) {
    const inText = Math.min(text.match(pattern)?.length ?? 0, 9);
    const found = 30 * (heading.search(pattern) >= 0) + 10 * (page.search(pattern) >= 0) + inText;
    if (!found) return 0;
    score += found;
  }
  return /^(adr|examples|changelog)/.test(url) ? score / 1000 : score; // background comes last
}

function addExcerpt(element, text, patterns) {
  const words = new RegExp(`(${patterns.map((pattern) => pattern.source).join("|")})`, "gi");
  const start = Math.max(0, text.search(words) - AROUND);
  const excerpt = text.slice(start, start + 2 * AROUND);
  const whole = start ? excerpt.replace(/^\S*/, "…") : excerpt;
  for (const [place, part] of whole.split(words).entries()) {
    element.appendChild(document.createElement(place % 2 ? "mark" : "span")).textContent = part;
  }
}

function buildResult([url, page, heading, text], patterns) {
  const item = document.createElement("li");
  const link = item.appendChild(document.createElement("a"));
  link.href = ROOT + url;
  link.textContent = heading;
  if (page !== heading) item.appendChild(document.createElement("small")).textContent = page;
  addExcerpt(item.appendChild(document.createElement("p")), text, patterns);
  return item;
}

async function showResults() {
  const all = await loadSections();
  const patterns = splitQuery(input.value).map(startOfWord);
  const scored = all.map((section) => [scoreSection(section, patterns), section]);
  const found = scored.filter(([score]) => score).sort((one, other) => other[0] - one[0]);
  list.replaceChildren(...found.slice(0, MOST_RESULTS).map(([, each]) => buildResult(each, patterns)));
  status.textContent = patterns.length ? `${found.length || "No"} results` : "";
}

function openSearch(query = "") {
  input.value = query;
  if (!dialog.open) dialog.showModal();
  showResults();
}

input.addEventListener("input", showResults);
input.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  list.querySelector("a")?.click();
});
list.addEventListener("click", () => dialog.close());
document.addEventListener("keydown", (event) => {
  const asked = (event.key === "k" && (event.ctrlKey || event.metaKey)) || event.key === "/";
  if (!asked || event.target.matches("input, textarea")) return;
  event.preventDefault();
  openSearch();
});
for (const field of document.querySelectorAll(".sidebar-search")) {
  field.addEventListener("input", () => openSearch(field.value));
  field.form.addEventListener("submit", (event) => { event.preventDefault(); openSearch(field.value); });
}
const button = document.createElement("button"); // the field is behind the menu on a phone
button.className = "search-opener";
button.textContent = "Search";
button.addEventListener("click", () => openSearch());
document.querySelector(".header-right").prepend(button);
const query = new URLSearchParams(location.search).get("q");
if (query) openSearch(query);

// A button on each block of code that copies it; browsers allow it on https alone.
for (const block of navigator.clipboard ? document.querySelectorAll(".highlight") : []) {
  const copy = block.appendChild(document.createElement("button"));
  copy.className = "copy";
  copy.textContent = "Copy";
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(block.querySelector("pre").textContent.trimEnd());
    copy.textContent = "Copied";
    setTimeout(() => { copy.textContent = "Copy"; }, 2000);
  });
}
