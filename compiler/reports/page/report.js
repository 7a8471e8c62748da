// What the page shows, from the facts in #data. Everything is text of the network, so it is set as text, never as markup.
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const $ = id => document.getElementById(id);

function make(tag, attributes, ...children) {
  const svg = ["svg", "rect", "line", "path", "text", "title", "g"].includes(tag);
  const e = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === "style") for (const [property, of] of Object.entries(value)) e.style.setProperty(property, of);
    else if (name.startsWith("on")) e.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) e.setAttribute(name, value === true ? "" : value);
  }
  e.append(...children.flat().filter(c => c !== undefined && c !== null && c !== ""));
  return e;
}

// ---- numbers ----

const exact = n => Math.round(n).toLocaleString("en-US");
function scaled(n, units, step) {
  let u = 0;
  while (u + 1 < units.length && n >= step) n /= step, u++;
  return (u === 0 ? exact(n) : n.toPrecision(n >= 100 ? 4 : 3)) + units[u];
}
const count = n => scaled(n, ["", " K", " M", " G", " T"], 1000);
const flop = n => scaled(n, [" ", " K", " M", " G", " T"], 1000) + "FLOP";
const bytes = n => scaled(n, [" B", " kB", " MB", " GB"], 1000);
const time = s => s >= 1 ? s.toPrecision(3) + " s" : s >= 1e-3 ? (s * 1e3).toPrecision(3) + " ms" : s > 0 ? (s * 1e6).toPrecision(3) + " µs" : "0";
const percent = share => (100 * share).toFixed(share < 0.0995 ? 1 : 0) + " %";
const sum = list => list.reduce((a, b) => a + b, 0);
const timed = Boolean(data.profile);

// ---- the head ----

function head() {
  const type = t => `${t.name}: ${t.type}`;
  $("signature").textContent = `(${data.inputs.map(type).join(", ")}) → (${data.outputs.map(type).join(", ")}), compiled for ` +
    `${data.target}, ${data.threads > 1 ? data.threads + " threads" : "one thread"}`;
  const t = data.total, above = data.bound ? data.workspace / data.bound - 1 : 0;
  const layers = data.tree.filter(r => r.op).length;
  const tiles = [
    ["Parameters", exact(t.parameters), bytes(t.weights) + " as written"],
    ["Multiply-adds", exact(t.macs), flop(2 * t.macs) + " a run"],
    ["Layers", exact(layers), `${exact(data.kernels.length)} kernels`],
    ["Activations", bytes(t.activation), "written by all layers"],
    ["Workspace", bytes(data.workspace), !data.bound ? "none is needed" : above < 5e-4 ? "is the lower bound" : `${percent(above)} above the lower bound`],
  ];
  if (data.weightsType !== "f32") tiles.push(["Weights", bytes(data.weightBytes), `matrices and kernels as ${data.weightsType}`]);
  if (timed) {
    const rate = 2e-9 * sum(data.kernels.map(k => k.macs)) / data.profile.median;
    const of = data.profile.peak ? `${percent(rate / data.profile.peak)} of the peak here` : "";
    tiles.unshift(["Time", time(data.profile.median), `${rate.toPrecision(3)} GFLOP/s, ${of}`]);
  }
  $("totals").append(...tiles.map(([name, value, more]) =>
    make("div", null, make("dt", null, name), make("dd", null, value, make("small", null, more)))));
  $("made").textContent = `${data.file}, netc ${data.version}`;
}

// ---- choices: groups of buttons of which one is pressed ----

function choices(group, options, choose) {
  const buttons = options.map(([label, value]) => make("button", {
    type: "button", "aria-pressed": "false", onclick: () => pick(value),
  }, label));
  const pick = value => {
    options.forEach((o, i) => buttons[i].setAttribute("aria-pressed", String(o[1] === value)));
    choose(value);
  };
  group.append(...buttons);
  return pick;
}

// ---- the graph ----

const kindWords = {
  conv: "convolution", dense: "matrix product", pool: "pooling", norm: "normalisation", activation: "activation",
  shape: "shape", arithmetic: "arithmetic", group: "block", other: "other",
};
const sheetNotes = {
  Blocks: "The network as it was written, each block as one box.",
  Layers: "The network as it was written; frames are blocks.",
  Kernels: "What is left when it is optimised; a frame is a kernel and computes all that is in it at once.",
};

function graph() {
  const sheets = [...document.querySelectorAll(".sheet")];
  let zoom = 0, shown = null;
  const size = () => {
    if (!shown) return;
    const svg = shown.querySelector("svg"), box = svg.viewBox.baseVal, room = $("drawings").clientWidth - 18;
    const scale = zoom || Math.min(1, room / box.width);
    svg.setAttribute("width", box.width * scale);
    svg.setAttribute("height", box.height * scale);
    return scale;
  };
  const rescale = factor => { zoom = Math.min(4, Math.max(0.05, (zoom || size()) * factor)); size(); };
  const pick = choices($("sheets"), sheets.map(s => [s.dataset.title, s]), sheet => {
    sheets.forEach(s => { s.hidden = s !== sheet; });
    shown = sheet;
    zoom = 0;
    const scale = size();
    if (scale < 0.55) rescale(0.55 / scale);
    $("sheet-note").textContent = sheetNotes[sheet.dataset.title] + " Click a box to find its row.";
  });
  if (sheets.length) pick(sheets[0]);
  else $("sheet-note").textContent = "The network has too many layers to be drawn here; netc graph draws it.";
  $("larger").addEventListener("click", () => rescale(1.25));
  $("smaller").addEventListener("click", () => rescale(0.8));
  $("fit").addEventListener("click", () => { zoom = 0; size(); });
  addEventListener("resize", size);
  for (const svg of document.querySelectorAll("#drawings svg")) svg.setAttribute("role", "group");
  for (const box of document.querySelectorAll(".box[data-layer]")) {
    const find = () => showLayer(box.dataset.layer);
    box.setAttribute("tabindex", "0");
    box.setAttribute("role", "link");
    box.addEventListener("click", find);
    box.addEventListener("keydown", e => { if (e.key === "Enter") find(); });
  }
  const kinds = new Set(data.tree.map(r => r.kind || "group"));
  $("legend").append(...Object.keys(kindWords).filter(k => kinds.has(k)).map(k =>
    make("li", { class: "kind-" + k }, make("span", { class: "swatch" }), kindWords[k])));
}

// ---- the layers ----

const rows = data.tree.map((r, id) => ({ ...r, id, children: [], depth: 0, seconds: 0 }));
const roots = [];
for (const r of rows) {
  (r.parent < 0 ? roots : rows[r.parent].children).push(r);
  if (r.parent >= 0) r.depth = rows[r.parent].depth + 1;
}
const byPath = new Map(rows.filter(r => r.op).map(r => [r.path, r]));
for (const k of data.kernels)
  for (let r = byPath.get(k.lead); r && k.seconds; r = rows[r.parent]) r.seconds += k.seconds;

const columns = [
  { title: "Layer", key: "id", left: true, text: r => r.name },
  { title: "Operator", key: "op", left: true, text: r => r.op || "" },
  { title: "Output", key: "output", left: true, text: r => r.output },
  { title: "Kernel", key: "kernel", left: true, text: r => r.kernel === "-" ? "" : r.kernel },
  { title: "Parameters", key: "parameters", text: r => r.parameters ? exact(r.parameters) : "", share: r => r.parameters / data.total.parameters },
  { title: "Multiply-adds", key: "macs", text: r => r.macs ? exact(r.macs) : "", share: r => r.macs / data.total.macs },
  { title: "Field", key: "field", text: r => r.field === "-" ? "" : r.field, order: r => r.field === "all" ? Infinity : parseFloat(r.field) || 0 },
  { title: "Output bytes", key: "activation", text: r => exact(r.activation) },
  { title: "Weight bytes", key: "weights", text: r => r.weights ? exact(r.weights) : "" },
];
if (timed) columns.splice(6, 0, { title: "Time", key: "seconds", text: r => r.seconds ? time(r.seconds) : "",
  share: r => r.seconds / sum(data.kernels.map(k => k.seconds)) });

const closed = new Set();
const view = { column: columns[0], down: false, words: "", found: -1 };

function ordered(list) {
  const { column: c, down } = view;
  const order = c.order || (r => r[c.key] ?? "");
  const sorted = [...list].sort((a, b) => {
    const x = order(a), y = order(b);
    return (typeof x === "string" ? x.localeCompare(y) : x - y) || a.id - b.id;
  });
  return down ? sorted.reverse() : sorted;
}

const matches = r => (r.path + " " + (r.op || "")).toLowerCase().includes(view.words);
const reaches = r => matches(r) || r.children.some(reaches);

function layerRow(r) {
  const toggle = r.children.length === 0 ? make("span", { class: "leaf" })
    : make("button", { type: "button", class: "toggle", "aria-expanded": String(!closed.has(r.id)), "aria-label": "Block " + r.path,
      onclick: () => { if (!closed.delete(r.id)) closed.add(r.id); fillLayers(); $("toggle-" + r.id).focus(); }, id: "toggle-" + r.id });
  const cells = columns.slice(1).map(c => {
    const share = c.share && !r.children.length ? c.share(r) : 0;
    return make("td", { class: (c.left ? "" : "n") + (share > 0 ? " share" : ""), style: share > 0 ? { "--share": share.toFixed(4) } : {} }, c.text(r));
  });
  return make("tr", { class: (r.children.length ? "block" : "") + (r.id === view.found ? " found" : ""), id: "row-" + r.id },
    make("th", { scope: "row", style: { "--depth": r.depth }, title: r.path }, toggle, r.name), cells);
}

function fillLayers() {
  const body = $("layer-table").tBodies[0];
  const add = list => {
    for (const r of ordered(list)) {
      if (view.words && !reaches(r)) continue;
      body.append(layerRow(r));
      if (view.words || !closed.has(r.id)) add(r.children);
    }
  };
  body.replaceChildren();
  add(roots);
  for (const th of $("layer-table").tHead.rows[0].cells)
    th.setAttribute("aria-sort", th.dataset.key !== view.column.key ? "none" : view.down ? "descending" : "ascending");
}

function layers() {
  const headings = columns.map(c => make("th", { scope: "col", class: c.left ? "" : "n", "data-key": c.key, "aria-sort": "none" },
    make("button", { type: "button", onclick: () => {
      view.down = view.column === c ? !view.down : !c.left;
      view.column = c;
      fillLayers();
    } }, c.title)));
  const t = { ...data.total, op: "", seconds: sum(data.kernels.map(k => k.seconds || 0)) };
  $("layer-table").append(make("thead", null, make("tr", null, headings)), make("tbody"),
    make("tfoot", null, make("tr", null, make("th", { scope: "row" }, make("span", { class: "leaf" }), "total"),
      columns.slice(1).map(c => make("td", { class: c.left ? "" : "n" }, c.text(t))))));
  let deep = 0;
  while (rows.filter(r => r.depth <= deep).length < 8 && rows.some(r => r.depth > deep)) deep++;
  if (rows.length > 60) rows.filter(r => r.children.length && r.depth >= deep).forEach(r => closed.add(r.id));
  fillLayers();
  $("find").addEventListener("input", e => { view.words = e.target.value.trim().toLowerCase(); fillLayers(); });
  $("open-all").addEventListener("click", () => { closed.clear(); fillLayers(); });
  $("close-all").addEventListener("click", () => { rows.filter(r => r.children.length).forEach(r => closed.add(r.id)); fillLayers(); });
}

// Opens what is around a layer or block, and goes there.
function showLayer(path) {
  const r = byPath.get(path) || rows.find(x => x.path === path);
  if (!r) return;
  for (let up = rows[r.parent]; up; up = rows[up.parent]) closed.delete(up.id);
  view.words = $("find").value = "";
  view.found = r.id;
  fillLayers();
  const row = $("row-" + r.id);
  row.scrollIntoView({ block: "center" });
  (row.querySelector("button") || row.closest(".pane")).focus({ preventScroll: true });
}

// ---- the work ----

const metrics = [
  { title: "Multiply-adds", of: k => k.macs, text: count, note: "Multiply-adds of the layers that each kernel computes." },
  { title: "Bytes", of: k => k.bytes, text: bytes, note: "Bytes of the buffers and weights that each kernel reads and writes, each once." },
  { title: "Cycles", of: k => k.cycles, text: count, note: "Cycles of one core that the cost model expects of each kernel, before anything is run." },
];
if (timed) metrics.unshift(
  { title: "Time", of: k => k.seconds, text: time, note: "Measured time of each kernel." },
  { title: "GFLOP/s", of: k => k.seconds ? 2e-9 * k.macs / k.seconds : 0, text: r => r.toPrecision(3),
    rail: () => data.profile.peak, note: data.profile.peak ? `Speed of each kernel; a full bar is the peak measured here, ${data.profile.peak.toPrecision(4)} GFLOP/s.` : "Speed of each kernel." });

function fillWork(metric) {
  const list = data.kernels.map((k, i) => ({ k, i, value: metric.of(k) || 0 })).filter(x => x.value > 0);
  const largest = Math.max(...list.map(x => x.value), (metric.rail && metric.rail()) || 0) || 1;
  const whole = sum(list.map(x => x.value));
  if ($("by-size").checked) list.sort((a, b) => b.value - a.value);
  $("work-note").textContent = metric.note + (list.length ? "" : " There are none.");
  $("work-chart").replaceChildren(make("tbody", null, list.map(({ k, i, value }) =>
    make("tr", { class: "kind-" + k.kind, title: `${k.name}: ${metric.text(value)}${metric.rail ? "" : ", " + percent(value / whole)}` },
      make("th", { scope: "row" }, make("a", { href: "#kernel-" + i }, k.name)),
      make("td", { class: "rail" }, make("span", { style: { "--share": (value / largest).toFixed(4) } })),
      make("td", { class: "n" }, metric.text(value))))));
}

function work() {
  let metric = metrics[0];
  const pick = choices($("metrics"), metrics.map(m => [m.title, m]), m => { metric = m; fillWork(m); });
  $("by-size").addEventListener("change", () => fillWork(metric));
  pick(metric);
}

// ---- the memory ----

function liveBytes() {
  const live = new Array(data.kernels.length).fill(0);
  for (const b of data.buffers)
    for (let k = b.first; k <= b.last; k++) live[k] += Math.ceil(b.bytes / 64) * 64;
  return live;
}

// The largest of 1, 2 or 5 times a power of ten that is not above n.
function roundStep(n) {
  const power = 10 ** Math.floor(Math.log10(Math.max(n, 1)));
  return power * (n >= 5 * power ? 5 : n >= 2 * power ? 2 : 1);
}

function planSvg(width) {
  const left = width < 500 ? 52 : 64, right = 10, top = 16, bottom = 34, height = width < 500 ? 300 : 380;
  const n = data.kernels.length, x = k => left + (width - left - right) * k / n;
  const y = b => top + (height - top - bottom) * (1 - b / (data.workspace || 1));
  const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, height });
  for (let b = 0, step = roundStep(data.workspace / 4); b <= data.workspace; b += step) {
    svg.append(make("line", { class: "axis", x1: left, x2: width - right, y1: y(b), y2: y(b) }),
      make("text", { x: left - 6, y: y(b) + 4, "text-anchor": "end" }, bytes(b)));
  }
  for (let i = 0, step = Math.max(1, Math.ceil(n / Math.max(4, Math.floor(width / 90)))); i < n; i += step)
    svg.append(make("text", { x: x(i + 0.5), y: height - 18, "text-anchor": "middle" }, String(i)));
  svg.append(make("text", { x: (left + width - right) / 2, y: height - 4, "text-anchor": "middle" }, "kernels, in the order they run"));
  for (const b of data.buffers) {
    const w = x(b.last + 1) - x(b.first), h = y(b.offset) - y(b.offset + b.bytes);
    const words = `${b.name}${b.type ? " " + b.type : ""}: ${exact(b.bytes)} bytes at ${exact(b.offset)}, kernels ${b.first} to ${b.last}`;
    const rect = make("rect", { class: `buffer kind-${b.kind}`, x: x(b.first), y: y(b.offset + b.bytes),
      width: Math.max(w, 1), height: Math.max(h, 1), rx: 2 }, make("title", null, words));
    rect.addEventListener("pointerenter", () => { $("plan-detail").textContent = words; });
    svg.append(rect);
    if (h > 15 && w > 7 * b.name.length + 8)
      svg.append(make("text", { class: "in", x: x(b.first) + 5, y: y(b.offset + b.bytes) + 13 }, b.name));
  }
  const live = liveBytes();
  svg.append(make("path", { class: "live", d: live.map((b, k) => `${k ? "L" : "M"}${x(k)} ${y(b)}H${x(k + 1)}`).join("") }));
  svg.append(make("line", { class: "bound", x1: left, x2: width - right, y1: y(data.bound), y2: y(data.bound) }));
  return svg;
}

// What rounded weights do to the outputs.
function rounding() {
  if (data.weightsType === "f32") return;
  const error = e => e.absolute === undefined ? "turns finite numbers into others"
    : e.absolute === 0 ? "is the same" : `differs by at most ${e.absolute.toPrecision(3)}` +
      (e.relative === undefined ? "" : `, ${e.relative.toPrecision(2)} of its largest magnitude`);
  $("rounding-note").textContent = `Measured against f32 weights on the same inputs: ` +
    data.rounding.map(e => `${e.output} ${error(e)}`).join("; ") + ".";
}

function memory() {
  $("memory-note").textContent = data.buffers.length
    ? `Each body is a buffer: as wide as the time it is needed, as high as it is large, where the plan puts it. The line is what is alive; its top, ` +
      `${bytes(data.bound)}, is the lower bound of any plan (dashed). The plan takes ${bytes(data.workspace)}. Weights, inputs and outputs lie outside.`
    : "The network needs no workspace.";
  const plan = $("plan");
  if (!data.buffers.length) { plan.hidden = true; return; }
  const draw = () => plan.replaceChildren(planSvg(Math.max(300, plan.clientWidth)));
  plan.setAttribute("aria-label", `Memory plan: ${data.buffers.length} buffers in ${bytes(data.workspace)}, lower bound ${bytes(data.bound)}. The table below has each.`);
  draw();
  addEventListener("resize", draw);
  const heads = ["Buffer", "Type", "Offset", "Bytes", "From kernel", "To kernel"];
  $("plan-table").append(make("thead", null, make("tr", null, heads.map((t, i) => make("th", { scope: "col", class: i > 1 ? "n" : "" }, t)))),
    make("tbody", null, data.buffers.map(b => make("tr", null, make("td", null, b.name), make("td", null, b.type || ""),
      [b.offset, b.bytes, b.first, b.last].map(v => make("td", { class: "n" }, exact(v)))))));
}

// ---- the kernels ----

const foldedInto = new Map();
for (const r of rows.filter(r => r.into)) foldedInto.set(r.into, [...(foldedInto.get(r.into) || []), r.path]);

// The layers of a kernel, each with those that were folded into it before (dashed).
function chips(k) {
  const chip = (path, kind, title) => make("button", { type: "button", class: "chip " + kind, title, onclick: () => showLayer(path) }, path);
  return make("div", { class: "chips" }, k.layers.map(path => [
    chip(path, path === k.lead ? `lead kind-${k.kind}` : "", "computed by this kernel"),
    ...(foldedInto.get(path) || []).map(from => chip(from, "folded", `folded into ${path}`)),
  ]).flat());
}

function kernelRow(k, i) {
  const cell = (label, kind, ...content) => make("td", { class: kind, "data-label": label }, ...content);
  const cells = [
    cell("Kernel", "n", String(i)), cell("Computes", "layers", k.layers.length ? chips(k) : k.name),
    cell("Schedule", "schedule", k.schedule), cell("Output", "", k.output || ""),
    cell("Multiply-adds", "n", k.macs ? exact(k.macs) : ""), cell("Bytes", "n", exact(k.bytes)),
    cell("Cycles", "n", k.cycles ? count(k.cycles) : ""), cell("Bound by", "", k.cycles ? k.bound : ""),
  ];
  if (timed) cells.push(cell("Time", "n", time(k.seconds)), cell("GFLOP/s", "n", k.macs && k.seconds ? (2e-9 * k.macs / k.seconds).toPrecision(3) : ""));
  return make("tr", { id: "kernel-" + i, class: k.layers.length ? "" : "quiet" }, cells);
}

function kernels() {
  const computed = new Set(data.kernels.flatMap(k => k.layers));
  const free = [...byPath.values()].filter(r => !computed.has(r.path));
  const folded = free.filter(r => r.into), views = free.filter(r => !r.into);
  const several = data.kernels.filter(k => k.layers.length > 1).length;
  $("kernels-note").textContent = `${data.kernels.length} kernels run one after the other; ${several} of them compute several layers at once, ` +
    "without storing what lies between; dashed ones were folded into another layer before. The schedule says how: a tile of so many outputs is kept in registers, a row is walked in vectors. " +
    "Cycles are what the cost model expects of one core, and what holds it up most.";
  const heads = ["#", "Computes", "Schedule", "Output", "Multiply-adds", "Bytes", "Cycles", "Bound by", ...(timed ? ["Time", "GFLOP/s"] : [])];
  $("kernel-table").append(make("thead", null, make("tr", null, heads.map((t, i) =>
    make("th", { scope: "col", class: i === 0 || (i > 3 && t !== "Bound by") ? "n" : "" }, t)))), make("tbody", null, data.kernels.map(kernelRow)));
  $("free").hidden = free.length === 0;
  $("free").firstElementChild.textContent = `${free.length} layer${free.length === 1 ? " needs" : "s need"} no kernel`;
  const list = (title, texts) => texts.length ? [make("p", { class: "note" }, title), make("p", { class: "mono" }, texts.join(", "))] : [];
  $("free").append(...list("Folded into another layer:",
    folded.map(r => `${r.path} → ${r.into}`)),
    ...list("Only another way to look at the same bytes:", views.map(r => r.path)));
}

head();
rounding();
layers();
graph();
work();
memory();
kernels();
