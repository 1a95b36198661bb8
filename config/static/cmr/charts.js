// Draws each report's table, from the table itself: there is no other copy of its numbers.
(() => {
  const CELL = "th, td";
  // Told apart by dash and point too, for grey and for eyes that see colours otherwise.
  const LOOKS = [
    ["--chart-1", [], "circle"], ["--chart-2", [6, 4], "rect"], ["--chart-3", [2, 3], "triangle"],
    ["--chart-4", [10, 3, 2, 3], "rectRot"], ["--chart-5", [4, 2], "star"], ["--chart-6", [1, 2], "cross"],
  ];
  const GREYS = [1, 0.55, 0.25];
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const numbers = (text) => (text ? text.split(",").map(Number) : []);

  const rowsOf = (table) => [...table.tBodies[0].rows].map((row) =>
    [...row.querySelectorAll(CELL)].map((cell) => ({ text: cell.textContent.trim(), value: cell.dataset.value })));
  const valueOf = (cell) => (cell.value === "" ? null : Number(cell.value));

  const shown = (value, unit) => {
    if (unit !== "share") return value.toLocaleString("en");
    const percent = 100 * value;
    return `${percent.toLocaleString("en", { maximumFractionDigits: percent < 1 ? 3 : 1 })} %`;
  };

  const look = (nth) => {
    const [color] = LOOKS[nth % LOOKS.length];
    // Of more than there are colours, each further round has other dashes and points.
    const [, dash, point] = LOOKS[(nth + Math.floor(nth / LOOKS.length)) % LOOKS.length];
    return { borderColor: css(color), backgroundColor: css(color), borderDash: dash, pointStyle: point };
  };

  const bars = (said, rows, heads) => ({
    labels: rows.map((row) => said.names.map((place) => row[place].text).join(", ")),
    datasets: said.up.map((place, nth) => ({
      ...look(nth), label: heads[place], data: rows.map((row) => valueOf(row[place])),
      borderWidth: 1, borderDash: [], backgroundColor: shade(css(LOOKS[nth][0]), GREYS[nth] ?? 0.4),
    })),
  });

  const shade = (color, strength) =>
    `color-mix(in srgb, ${color} ${Math.round(100 * strength)}%, ${css("--pico-background-color")})`;
  // Canvas knows no color-mix: let the browser work it out.
  const probe = document.createElement("span");
  document.body.append(probe);
  const plain = (color) => { probe.style.color = color; return getComputedStyle(probe).color; };

  const lines = (said, rows, heads) => ({
    labels: rows.map((row) => row[said.along].text),
    datasets: said.up.map((place, nth) => ({
      ...look(nth), label: heads[place], data: rows.map((row) => valueOf(row[place])),
      spanGaps: false, pointRadius: rows.length > 40 ? 0 : 3, borderWidth: 2,
    })),
  });

  const split = (said, rows) => {
    const groups = new Map();
    for (const row of rows) {
      const name = said.groups === null ? "" : row[said.groups].text;
      groups.set(name, [...(groups.get(name) || []), row]);
    }
    return groups;
  };
  const points = (said, rows, place) => rows.map((row) => ({ x: valueOf(row[said.along]), y: valueOf(row[place]) }));

  const steps = (said, rows, heads) => {
    const datasets = [];
    for (const [name, own] of split(said, rows)) {
      const nth = datasets.length;
      datasets.push({ ...look(nth), label: name || heads[said.up[0]], data: points(said, own, said.up[0]), stepped: "before", pointRadius: 0, borderWidth: 2 });
    }
    said.band.forEach((place, nth) => datasets.push({
      ...look(0), label: heads[place], data: points(said, rows, place), stepped: "before", pointRadius: 0,
      borderWidth: 1, borderDash: [2, 3], fill: nth ? "-1" : false, backgroundColor: plain(shade(css("--chart-1"), 0.15)),
    }));
    return { datasets };
  };

  const scatter = (said, rows, heads) => ({
    datasets: [...split(said, rows)].map(([name, own], nth) => ({
      ...look(nth), label: name, data: points(said, own, said.up[0]), showLine: true, borderWidth: 1, clip: false,
      pointRadius: own.map((_, place) => (place === own.length - 1 ? 7 : 3)),
    })),
  });

  const KINDS = { bar: ["bar", bars], line: ["line", lines], step: ["line", steps], scatter: ["scatter", scatter] };

  const axes = (said, heads) => {
    const ink = { color: css("--pico-muted-color") };
    const grid = { color: css("--pico-muted-border-color") };
    const ticks = { ...ink, callback: (value) => shown(value, said.unit), ...(said.unit === "share" ? {} : { precision: 0 }) };
    const up = { beginAtZero: true, grid, ticks, title: { ...ink, display: true, text: said.unit === "share" ? heads[said.up[0]] : said.unit } };
    const linear = said.kind === "step" || said.kind === "scatter";
    const along = { grid, ticks: { ...ink, maxTicksLimit: 12 }, ...(linear ? { type: "linear", beginAtZero: true } : {}), title: { ...ink, display: true, text: heads[said.along] } };
    if (said.kind === "scatter") Object.assign(along, { min: 0, max: 1, ticks: { ...ink, callback: (v) => shown(v, "share") } });
    if (linear && said.unit === "share") up.max = 1;
    return said.kind === "bar"
      ? { x: up, y: { ...along, ticks: { ...ink, autoSkip: false } } }
      : { x: along, y: up };
  };

  const draw = (place) => {
    const table = document.getElementById(place.dataset.table);
    const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
    const said = {
      kind: place.dataset.kind, names: numbers(place.dataset.along), along: numbers(place.dataset.along).at(-1), up: numbers(place.dataset.up),
      band: numbers(place.dataset.band), unit: place.dataset.unit,
      groups: place.dataset.groups === "" ? null : Number(place.dataset.groups),
    };
    const most = Number(place.dataset.most) || Infinity;
    const rows = rowsOf(table).slice(0, most);
    const [type, make] = KINDS[said.kind];
    const data = make(said, rows, heads);
    if (said.kind === "bar") {
      place.style.height = `${Math.max(9, 4 + rows.length * (1.2 + 0.8 * said.up.length))}rem`;
      for (const each of data.datasets) each.backgroundColor = plain(each.backgroundColor);
    }
    place.hidden = false;
    return new Chart(place.querySelector("canvas"), {
      type, data,
      options: {
        indexAxis: said.kind === "bar" ? "y" : "x", responsive: true, maintainAspectRatio: false,
        animation: calm ? false : { duration: 200 }, interaction: { mode: "nearest", intersect: said.kind === "scatter" },
        scales: axes(said, heads),
        plugins: {
          legend: { display: data.datasets.length > 1, labels: { color: css("--pico-color"), usePointStyle: said.kind !== "bar" } },
          tooltip: { callbacks: { label: (at) => `${at.dataset.label}: ${shown(at.parsed[said.kind === "bar" ? "x" : "y"], said.unit)}` } },
        },
      },
    });
  };

  Chart.defaults.font.family = css("--pico-font-family-sans-serif");
  let charts = [];
  const redraw = () => {
    for (const chart of charts) chart.destroy();
    charts = [...document.querySelectorAll(".chart")].map(draw);
  };
  redraw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  addEventListener("beforeprint", () => { for (const chart of charts) chart.resize(680, 320); });
  addEventListener("afterprint", () => { for (const chart of charts) chart.resize(); });
})();
