// The page "Find my companies": a worker reads the files, and this sends what it found, batch by
// batch. A batch that got no answer is sent again; the server counts it once.
(() => {
  const form = document.getElementById("mailbox-file");
  if (!form || !window.Worker || !window.DecompressionStream) return; // the form uploads the files
  const find = (id) => document.getElementById(`mailbox-${id}`);
  const words = find("words").dataset;
  const settings = JSON.parse(find("settings").textContent);
  const language = document.documentElement.lang;
  const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
  const FIRST_WAIT = 1000, LONGEST_WAIT = 60_000; // milliseconds before a batch is sent again

  class Stopped extends Error {
    constructor(word) {
      super(word);
      this.word = word;
    }
  }

  const write = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const number = (value) => value.toLocaleString(language);
  const size = (bytes) => {
    const [unit, divisor] = bytes >= 1e9 ? ["GB", 1e9] : ["MB", 1e6];
    return `${(bytes / divisor).toLocaleString(language, { maximumFractionDigits: 1 })} ${unit}`;
  };
  const show = (id, isShown) => { find(id).hidden = !isShown; };
  const addProblem = (text) => {
    const item = document.createElement("li");
    item.textContent = text;
    find("problems").append(item);
    show("problem", true);
  };

  // -- Requests -----------------------------------------------------------------------------------

  const pause = (milliseconds, signal) => new Promise((resume, fail) => {
    const timer = setTimeout(resume, milliseconds);
    signal.addEventListener("abort", () => { clearTimeout(timer); fail(new Stopped("cancelled")); }, { once: true });
  });

  // What is wrong with an answer, as the name of its words; empty if it may be tried again.
  const judge = (answer) => {
    if (answer.type === "opaqueredirect" || answer.status === 403) return "signedOut";
    if (answer.status === 404 || answer.status === 409) return "deleted";
    if (answer.status === 429 || answer.status >= 500 || answer.status === 408) return "";
    return "refused";
  };

  const post = async (path, body, signal) => {
    for (let wait = FIRST_WAIT; ; wait = Math.min(2 * wait, LONGEST_WAIT)) {
      if (signal.aborted) throw new Stopped("cancelled");
      let seconds = 0;
      try {
        const answer = await fetch(path, {
          method: "POST", body, signal, redirect: "manual", credentials: "same-origin",
          headers: { "X-CSRFToken": token, "Content-Type": "application/json", Accept: "application/json" },
        });
        if (answer.ok) {
          show("offline", false);
          return await answer.json();
        }
        const word = judge(answer);
        if (word) throw new Stopped(word);
        seconds = Number(answer.headers.get("Retry-After")) || 0;
      } catch (error) {
        if (signal.aborted) throw new Stopped("cancelled");
        if (error instanceof Stopped) throw error;
      }
      show("offline", true);
      await pause(Math.max(wait, 1000 * seconds), signal);
    }
  };

  // -- One reading --------------------------------------------------------------------------------

  let running = null;

  class Reading {
    constructor(files) {
      this.files = files;
      this.size = files.reduce((sum, file) => sum + file.size, 0);
      this.aborter = new AbortController();
      this.worker = new Worker(form.dataset.worker);
      this.queue = Promise.resolve();
      this.mails = this.bytes = this.bulk = 0;
      this.counts = { mails: 0, bulk: 0, new: 0, companies: 0 };
    }

    async run() {
      const ended = new Promise((resume, fail) => {
        this.worker.addEventListener("message", ({ data }) => this.take(data, resume, fail));
        this.worker.addEventListener("error", () => fail(new Stopped("failed")));
        this.aborter.signal.addEventListener("abort", () => fail(new Stopped("cancelled")));
      });
      ended.catch(() => {});
      try {
        const { scan } = await post(form.dataset.begin, "", this.aborter.signal);
        this.path = form.dataset.begin + `/${scan}/`;
        this.worker.postMessage({ type: "start", files: this.files, settings });
        await ended;
        await this.queue;
        this.counts = await post(`${this.path}end`, "", this.aborter.signal);
        return this.mails ? "done" : "nothing";
      } catch (error) {
        return error.word || "failed";
      } finally {
        this.worker.terminate();
        this.aborter.abort();
      }
    }

    take(data, resume, fail) {
      if (!form.isConnected) this.aborter.abort(); // another page took this one's place
      if (data.type === "progress") this.showProgress(data);
      if (data.type === "problem") this.showProblem(data);
      if (data.type === "done") resume();
      if (data.type === "batch") {
        this.queue = this.queue.then(() => this.send(data.body));
        this.queue.catch(fail);
      }
    }

    async send(body) {
      this.counts = await post(`${this.path}batch`, body, this.aborter.signal);
      this.worker.postMessage({ type: "sent" });
      this.showNumbers();
    }

    showProgress({ bytes, mails, bulk }) {
      Object.assign(this, { bytes, mails, bulk });
      find("bar").value = this.size ? bytes / this.size : 0;
      this.showNumbers();
    }

    showNumbers() {
      find("numbers").textContent = write(words.progress, {
        bytes: size(this.bytes), size: size(this.size), mails: number(this.mails), companies: number(this.counts.companies),
      });
    }

    showProblem({ name, code, mails }) {
      const text = words[`file${code}`] || words.filefailed;
      addProblem(write(text, { name, mails: number(mails) }));
    }
  }

  const showResult = (outcome, reading) => {
    const { mails, bulk, new: fresh, companies } = reading.counts;
    const isNothingNew = outcome === "done" && bulk > 0 && fresh === 0;
    const word = isNothingNew ? "same" : outcome === "done" && bulk === 0 ? "noCompanies" : outcome;
    find("outcome").textContent = write(words[word], {
      mails: number(mails), bulk: number(bulk), new: number(fresh), companies: number(companies),
    });
    find("result").classList.toggle("problem", !["done", "same", "cancelled"].includes(word));
    show("result", word !== "nothing" || find("problem").hidden);
    show("list", companies > 0);
    show("delete", !find("delete").hidden || mails > 0);
    if (!find("result").hidden) find("result").focus();
  };

  const start = async (files) => {
    find("problems").replaceChildren();
    for (const id of ["before", "problem", "result", "offline"]) show(id, false);
    find("bar").value = 0;
    find("numbers").textContent = words.starting;
    show("progress", true);
    show("choose", false);
    running = new Reading(files);
    const reading = running;
    find("cancel").focus();
    const outcome = await reading.run();
    running = null;
    if (!form.isConnected) return;
    show("progress", false);
    show("choose", true);
    form.reset();
    showResult(outcome, reading);
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    delete form.dataset.sent; // `portal.js` takes a form for sent, and this one is not
    event.submitter?.removeAttribute("aria-busy");
    const files = [...form.querySelector("[type=file]").files];
    if (files.length && !running) start(files);
  });
  find("cancel").addEventListener("click", () => running?.aborter.abort());
  addEventListener("beforeunload", (event) => { if (running && form.isConnected) event.preventDefault(); });
})();
