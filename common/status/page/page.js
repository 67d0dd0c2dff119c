"use strict";
(() => {

/* All that comes from outside enters by text and attributes: there is no innerHTML on this page. */

const POLL_MS = 4000;
const ANSWER_MS = 10000;        // an answer that takes longer is none
let early = fetchStatus(AbortSignal.timeout(ANSWER_MS));    // the first one is under way while the page gets ready
const BACKOFF_MAX_MS = 30000;
const FAILURES_TO_SAY = 2;      // one that is followed by an answer is nobody's concern
const CLOCK_DIFFERENCE_MS = 60000;

const byId = id => document.getElementById(id);

/* ---- words ---- */

const SIGNS = {
    check: { text: "\u2713", path: "M12 34l14 14 28-32" },
    warn: { text: "\u26a0", path: "M32 8L58 54H6ZM32 24v14M32 46v.1" },
    person: { text: "!", path: "M22 6h20l16 16v20L42 58H22L6 42V22ZM32 18v18M32 46v.1" },
    pause: { text: "\u2016", path: "M22 6h20l16 16v20L42 58H22L6 42V22ZM25 23v18M39 23v18" },
    cross: { text: "\u2715", path: "M22 6h20l16 16v20L42 58H22L6 42V22ZM22 22l20 20M42 22L22 42" },
    clock: { text: "\u2026", path: "M32 6a26 26 0 1 0 .1 0M32 18v16l10 6" },
    question: { text: "?", path: "M20 22a12 12 0 1 1 18 10c-4 2-6 5-6 9M32 54v.1" },
};

const VERDICTS = {
    "flowing": ["check", "ok", "Events are flowing", "What arrives is kept, and shipped when it is due."],
    "degraded": ["warn", "warning", "Events are flowing, but not as they should", "Events are kept. What needs attention is said below."],
    "waiting, a person is needed": ["person", "critical", "Events are waiting, a person is needed",
        "They are safe in the spool, and are shipped as soon as somebody has done what is said below."],
    "held back": ["pause", "critical", "Events are held back at their senders",
        "The collector takes nothing until somebody has done what is said below."],
    "being lost": ["cross", "critical", "Events are being lost", "Nobody receives what is sent. What to do is said below."],
    "nothing has arrived yet": ["clock", "info", "Nothing has arrived yet", "No event has come since this spool was made."],
};

const SEVERITIES = { critical: "\u2715 Critical", warning: "\u26a0 Warning", info: "\u2139 Note" };

const REASONS = {
    malformed: "Not well-formed XML. The sender must correct it; the detail of the reject says where.",
    oversize: "Larger than MAX_MESSAGE_SIZE. Raise it, up to 8M.",
    doctype: "A DOCTYPE. The sender must leave it out: DTDs are never read.",
    encoding: "Bytes that are not in the encoding that was declared. See DEFAULT_ENCODING.",
    cut_off: "The connection, or the next event, came in the middle of an event. Look at the network, and for restarts of the sender.",
    stray_bytes: "Bytes between events that belong to none. Find out what else sends here.",
    unknown_element: "An element that EVENT_ELEMENT does not name. Name it there if it is an event, in IGNORE_ELEMENTS if it carries nothing.",
    looks_like_http: "An HTTP request. The sender, or a probe, must use plain TCP.",
    looks_like_tls: "A TLS handshake. Switch TLS off at the sender: the port takes plain TCP.",
    too_deep: "Elements nested more than 200 deep. The sender must correct it.",
};

const STATES = { shipped: ["good", "\u2713 shipped"], sealed: ["", "\u2026 sealed"], blocked: ["bad", "\u2715 blocked"],
    abandoned: ["wary", "\u2013 abandoned"], superseded: ["", "\u2192 superseded"] };

/* What of the uploader's problems is about the place to which objects go. */
const STORE_PROBLEMS = ["credentials", "s3_refused", "batch_blocked", "s3_unreachable", "clock_wrong", "uploader_absent", "destination_unproven"];

/* ---- numbers and times, as the reader's locale writes them, with a thin space between groups ---- */

const wholeNumber = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const shortNumber = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });
const timeOfDay = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const exactTime = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dayAndTime = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const fullTime = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

const isKnown = value => typeof value === "number" && Number.isFinite(value);

function thin(format, value) {
    return format.formatToParts(value).map(part => part.type === "group" ? "\u202f" : part.value).join("");
}

function count(value) {
    return isKnown(value) ? thin(wholeNumber, value) : "not known";
}

function counted(value, one, many) {
    return `${count(value)} ${value === 1 ? one : many}`;
}

function size(bytes) {
    if (!isKnown(bytes)) return "not known";
    const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let step = 0;
    while (bytes >= 1024 && step < units.length - 1) { bytes /= 1024; step++; }
    return `${thin(shortNumber, bytes)} ${units[step]}`;
}

function span(ms) {
    const seconds = Math.max(0, Math.round(ms / 1000));
    if (seconds < 60) return `${seconds} s`;
    const minutes = Math.floor(seconds / 60);
    if (minutes < 60) return `${minutes} min`;
    const hours = Math.floor(minutes / 60);
    if (hours < 48) return `${hours} h` + (minutes % 60 ? ` ${minutes % 60} min` : "");
    const days = Math.floor(hours / 24);
    return `${count(days)} days` + (days < 14 && hours % 24 ? ` ${hours % 24} h` : "");
}

function spanOfHours(hours) {
    if (hours >= 87600) return "10 years or more";
    if (hours >= 2 * 8760) return `${count(Math.floor(hours / 8760))} years`;
    return hours < 72 ? `${hours} h` : `${count(Math.floor(hours / 24))} days`;
}

/* The time of day, with the day unless that is less than 18 hours from `now`. */
function clock(at, now) {
    return (Math.abs(at - now) < 18 * 3600e3 ? timeOfDay : dayAndTime).format(at);
}

/* ---- what is shown ---- */

const shown = new WeakMap();    // of an element: what is in it

/* Shows pieces in an element: texts, or [tag, text or pieces, attributes]. What is there already is left alone, with its focus,
   its selection, and the place where a screen reader stands. */
function show(element, ...pieces) {
    const key = JSON.stringify(pieces);
    if (shown.get(element) === key) return;
    shown.set(element, key);
    element.replaceChildren(...pieces.map(node));
}

function node(piece) {
    if (!Array.isArray(piece)) return document.createTextNode(piece);
    const [tag, inside, attributes = {}] = piece;
    const element = document.createElement(tag);
    for (const name in attributes) element.setAttribute(name, attributes[name]);
    element.append(...(Array.isArray(inside) ? inside.map(node) : [inside]));
    return element;
}

/* `make send` becomes an element code. */
function withCode(text) {
    return text.split("`").map((part, i) => i % 2 ? ["code", part] : part).filter(part => part !== "");
}

/* A long name is broken behind its commas, if it must be. */
function breakable(name) {
    return name.split(/(?<=,)/).flatMap(part => [part, ["wbr", ""]]);
}

const remedyPiece = text => ["span", withCode(text || ""), { class: "block remedy" }];
const soft = text => ["span", text, { class: "block small soft" }];

/* A time as a piece, with its age before it. */
function time(iso, text) {
    return ["time", text, { datetime: iso, title: fullTime.format(Date.parse(iso)) }];
}

function ago(iso, now, none = "never") {
    if (!iso) return [none];
    const at = Date.parse(iso);
    return [`${span(now - at)} ago `, time(iso, `(${clock(at, now)})`)];
}

/* Makes as many rows as there are items, each with the cells' pieces; what has not changed stays. */
function rows(body, items, cellsOf) {
    const heads = body.parentNode.tHead.rows[0].cells;
    while (body.rows.length > items.length) body.deleteRow(-1);
    while (body.rows.length < items.length) body.append(emptyRow(heads));
    items.forEach((item, i) => cellsOf(item).forEach((pieces, c) => show(body.rows[i].cells[c], ...pieces)));
}

function emptyRow(heads) {
    const row = document.createElement("tr");
    row.setAttribute("role", "row");
    for (let i = 0; i < heads.length; i++) {
        const cell = document.createElement(i === 0 ? "th" : "td");
        if (i === 0) cell.scope = "row";
        cell.setAttribute("role", i === 0 ? "rowheader" : "cell");  // also where CSS lays the table out otherwise
        cell.dataset.name = heads[i].textContent;
        cell.className = heads[i].className;
        row.append(cell);
    }
    return row;
}

function cloneOf(id) {
    return byId(id).content.firstElementChild.cloneNode(true);
}

/* While the spool cannot be read, as right after a start, the document says of it only where it is, and why. */
const isRead = doc => Boolean(doc.spool.id);

/* ---- the verdict ---- */

function verdictOf(doc) {
    if (!isRead(doc) && doc.status !== "critical")
        return ["question", "unknown", "Cannot tell: the spool cannot be read", "What is known is below."];
    return VERDICTS[doc.verdict] || ["warn", doc.status === "ok" ? "info" : doc.status, `Events: ${doc.verdict}`, "What is known is below."];
}

function showVerdict([sign, tone, sentence], nodeName, meaning) {
    const { text, path } = SIGNS[sign];
    byId("verdict").dataset.tone = tone;
    byId("sign").setAttribute("d", path);
    show(byId("sentence"), sentence);
    show(byId("meaning"), ...meaning);
    const title = `${text} ${sentence}${nodeName ? ` \u00b7 ${nodeName}` : ""} \u00b7 eventspool`;
    if (document.title !== title) {
        document.title = title;
        byId("icon").href = iconOf(path);
    }
}

/* The sign in the band's colour, for the browser's tab. */
function iconOf(path) {
    const style = getComputedStyle(byId("verdict"));
    const [band, line] = [style.getPropertyValue("--band").trim(), style.getPropertyValue("--on-band").trim()];
    return "data:image/svg+xml," + encodeURIComponent(
        `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-14 -14 92 92"><rect x="-14" y="-14" width="92" height="92" rx="18" fill="${band}"/>` +
        `<path d="${path}" fill="none" stroke="${line}" stroke-width="8" stroke-linecap="round" stroke-linejoin="round"/></svg>`);
}

function meaningOf(doc, now, verdict) {
    const last = doc.last_event_at ? ` The last event came ${span(now - Date.parse(doc.last_event_at))} ago.` : "";
    return [verdict[3] + last];
}

/* ---- the sections ---- */

function showProblems(doc, now) {
    const list = byId("problems");
    byId("problems-section").hidden = doc.problems.length === 0;
    show(byId("problems-title"), doc.problems.some(p => p.severity !== "info") ? "What is wrong" : "To know");
    while (list.children.length > doc.problems.length) list.lastElementChild.remove();
    while (list.children.length < doc.problems.length) list.append(cloneOf("problem-template"));
    doc.problems.forEach((problem, i) => showProblem(list.children[i], problem, now));
}

function showProblem(item, problem, now) {
    const part = name => item.querySelector(name);
    const since = Date.parse(problem.since);
    const tries = problem.tries > 0 ? `, tried ${counted(problem.tries, "time", "times")} in vain` : "";
    item.dataset.severity = problem.severity;
    show(part(".severity"), SEVERITIES[problem.severity] || problem.severity);
    show(part(".problem-code"), problem.code);
    show(part(".since"), `${problem.program}, for ${span(now - since)}, since `, time(problem.since, clock(since, now)), tries);
    show(part(".message"), ...withCode(problem.message || ""));
    show(part(".remedy"), ...withCode(problem.remedy || ""));
    part(".remedy").hidden = !problem.remedy;
}

const sum = points => points.filter(isKnown).reduce((all, value) => all + value, 0);

/* How many within the minute before `now`, as pieces: the step that is not over yet, and a share of the one before. */
function lastMinute(series, points, now) {
    const [before, last] = points.slice(-2);
    const missing = Math.min(1, Math.max(0, (Date.parse(series.end_at) - now) / (series.step_seconds * 1000)));
    if (!isKnown(last)) return ["not known"];
    const value = Math.round(last + (isKnown(before) ? before * missing : 0));
    const about = before > 0 && missing > 0 && missing < 1 ? [["span", "about ", { class: "unit" }]] : [];
    return [...about, `${count(value)} `, ["span", value === 1 ? "event" : "events", { class: "unit" }]];
}

function showRate(name, series, points, now) {
    show(byId(`${name}-now`), ...(series ? lastMinute(series, points, now) : ["not known"]));
    show(byId(`${name}-hour`), points.some(isKnown) ? `${count(sum(points))} in the last hour` : "");
}

function showNow(doc, now) {
    const hour = isDrawable(doc.history) ? doc.history.hour : null;
    const { events, bytes, oldest_age_seconds: oldest, next_due_at: due } = doc.backlog;
    showRate("in", hour, hour ? hour.received : [], now);
    showRate("out", hour, hour ? hour.shipped : [], now);
    show(byId("waiting"), `${count(events)} `, ["span", events === 1 ? "event" : "events", { class: "unit" }]);
    show(byId("oldest"), isKnown(oldest) ? `${size(bytes)}, the oldest for ${span(oldest * 1000)}` : "Nothing waits.");
    showDue(due, now);
    const { room_hours: hours, room_bytes: room } = doc.disk;
    show(byId("room"), isKnown(hours) ? spanOfHours(hours) : isKnown(room) ? size(room) : "not known");
    show(byId("room-bytes"), room === 0 ? "no room for events is left" : isKnown(hours) ? `${size(room)}, at the rate of the last 24 h` : isKnown(room) ? "for events; how fast they come is not known yet" : "");
}

function showDue(due, now) {
    if (!due) {
        show(byId("due"), "\u2013");
        show(byId("due-at"), "when an event waits");
        return;
    }
    const at = Date.parse(due);
    show(byId("due"), at > now ? `in ${span(at - now)}` : "now");
    show(byId("due-at"), at > now ? "at " : "it was due at ", time(due, clock(at, now)), at > now ? ", or earlier by size" : "");
}

function showConnected(doc, now) {
    const connected = doc.connected || [];
    byId("connected-scroll").hidden = connected.length === 0;
    show(byId("connections"), !isKnown(doc.connections) ? "Connections are not known." :
        doc.connections === 0 ? "Nobody is connected now. That is no fault where a sender connects for each event." :
        `${counted(doc.connections, "connection", "connections")} now` + (connected.length === 64 ? ", those of 64 addresses are shown." : "."));
    rows(byId("connected"), connected, c => [
        [["span", c.source || "not known", { class: "key" }], soft(`${c.connections > 1 ? `${count(c.connections)} connections, the oldest` : "connected"} for ${span(now - Date.parse(c.connected_at))}`)],
        ago(c.last_at, now, "has sent nothing yet"), [count(c.events)]]);
}

function showSenders(doc, now) {
    byId("senders-scroll").hidden = doc.senders.length === 0;
    byId("senders-none").hidden = doc.senders.length > 0;
    show(byId("senders-caption"), `${counted(doc.senders.length, "known sender", "known senders")}` + (doc.senders.length > 1 ? ", the one with the most events first" : ""));
    rows(byId("senders"), doc.senders, s => [
        [...breakable(s.sender || "without a name"), soft(s.source || "")], ago(s.last_event_at, now),
        [isKnown(s.events_per_minute) ? count(s.events_per_minute) : "?"], [count(s.events_today)]]);
}

function storeState(doc, now) {
    const problem = doc.problems.find(p => STORE_PROBLEMS.includes(p.code));
    if (problem && problem.severity !== "info")
        return [["span", `${problem.severity === "critical" ? "\u2715" : "\u26a0"} Not well: `, { class: problem.severity === "critical" ? "bad" : "wary" }],
            ["code", problem.code], " ", ...withCode(problem.message || ""), remedyPiece(problem.remedy)];
    if (doc.last_error)
        return [["span", "\u26a0 ", { class: "wary" }], ...withCode(doc.last_error), remedyPiece(doc.remedy)];
    if (doc.trial_mode) return ["Trial mode: objects are files in ", ["code", "DESTINATION_DIR"], ". Set ", ["code", "BUCKET_NAME"], " to ship to S3."];
    if (problem) return withCode(problem.message || "");
    return doc.last_shipped_at ? [["span", "\u2713 Well.", { class: "good" }], ` The last object was taken ${span(now - Date.parse(doc.last_shipped_at))} ago.`] :
        ["Nothing was shipped yet."];
}

function showStore(doc, now) {
    const { sealed, blocked, abandoned } = doc.batches;
    const { rotation_seconds: rotation, max_file_bytes: most } = doc.uploader;
    show(byId("store-state"), ...storeState(doc, now));
    show(byId("destination"), ["span", doc.uploader.destination || "no uploader has said it yet", { class: doc.uploader.destination ? "key" : "" }]);
    show(byId("last-shipped"), ...ago(doc.last_shipped_at, now));
    show(byId("shipped"), `${counted(doc.shipped.events, "event", "events")} in ${counted(doc.shipped.batches, "object", "objects")}`);
    show(byId("open-batches"), `${counted(sealed, "batch", "batches")} on the way, ${count(blocked)} blocked` + (abandoned > 0 ? `, ${count(abandoned)} given up by a person` : ""));
    show(byId("next"), ...(doc.backlog.next_due_at ? ["at ", time(doc.backlog.next_due_at, clock(Date.parse(doc.backlog.next_due_at), now))] : ["when an event waits"]));
    show(byId("rotation"), isKnown(rotation) ? `after ${span(rotation * 1000)}, or ${size(most)} of events` : "not known");
    showBatches(doc.recent_batches, now);
}

/* The folder is softer than the object's own name. */
function keyPieces(key) {
    const cut = (key || "").lastIndexOf("/") + 1;
    return [["span", (key || "").slice(0, cut), { class: "key soft" }], ["span", (key || "").slice(cut), { class: "key" }]];
}

function showBatches(batches, now) {
    byId("batches-scroll").hidden = batches.length === 0;
    byId("batches-none").hidden = batches.length > 0;
    rows(byId("batches"), batches, b => {
        const [tone, state] = STATES[b.state] || ["", b.state];
        const at = b.shipped_at || b.sealed_at;
        const tries = b.attempts > 1 ? `, ${count(b.attempts)} tries` : "";
        return [keyPieces(b.key), [["span", state, { class: tone }], tries],
            [count(b.events), b.kind === "rejects" ? " rejects" : ""], [size(b.bytes)], ago(at, now)];
    });
}

function showRejects(doc, now) {
    const all = doc.received.rejects;
    byId("rejects-scroll").hidden = doc.rejects_by_reason.length === 0;
    show(byId("rejects-line"), ...(all === 0 ? ["None: all that came were events."] :
        [`${count(doc.rejects_24h)} in the last 24 hours, ${count(all)} in all. `, ["code", "eventspool rejects list"], " shows them."]));
    rows(byId("rejects"), doc.rejects_by_reason, r => [
        [["span", r.reason || "", { class: "key" }]], [REASONS[r.reason] || "See the documentation of this version."], [count(r.total)], ago(r.last_at, now)]);
}

function programPieces(program, now) {
    if (!program.running) return [["span", "\u2715 does not run", { class: "bad" }], soft(program.why_not || "")];
    return [["span", "\u2713 runs", { class: "good" }], (program.version ? `, version ${program.version}` : "") +
        (program.started_at ? `, for ${span(now - Date.parse(program.started_at))}` : "")];
}

function requestPieces(doc) {
    if (!isRead(doc)) return ["not known"];
    if (doc.requests.length === 0) return ["no command"];
    return doc.requests.map(r => ["span", `${r.what} (${r.program})${r.progress ? `: ${r.progress}` : ""}`, { class: "block" }]);
}

function showInstallation(doc, now) {
    const { spool, received = {}, disk = {} } = doc;
    show(byId("node"), spool.node || "");
    show(byId("node-again"), spool.node || "not known");
    show(byId("collector"), ...programPieces(doc.collector, now));
    show(byId("uploader"), ...programPieces(doc.uploader, now));
    show(byId("requests"), ...requestPieces(doc));
    show(byId("spool"), ["span", spool.path || "", { class: "key" }],
        soft(spool.id ? `${spool.id}, made ${spool.created_at ? `${span(now - Date.parse(spool.created_at))} ago` : "at an unknown time"}` : spool.error || "cannot be read"));
    show(byId("received"), isKnown(received.events) ? `${counted(received.events, "event", "events")}, ${count(received.events_24h)} of them in the last 24 hours` : "not known");
    show(byId("spool-size"), size(spool.bytes), isKnown(disk.spool_max_bytes) ? `, at most ${size(disk.spool_max_bytes)}` : "");
    show(byId("free"), size(disk.free_bytes));
    show(byId("floor"), isKnown(disk.min_free_bytes) ? `below ${size(disk.min_free_bytes)} of free space` : "not known");
}

/* ---- the charts: three strips over one axis of time. What is not known is a grey gap, zero is an empty place. ---- */

const STRIPS = [["received", "In", "bars"], ["shipped", "Out", "bars"], ["backlog", "Waiting", "level"]];
const CHARTS = [["hour", "Last hour", "a minute"], ["day", "Last 24 hours", "in 5 minutes"]];
const LEAST_HEIGHT = 4;         // of 100: a single event is seen

const charts = CHARTS.map(([name, title, step]) => makeChart(name, title, step));

function makeChart(name, title, step) {
    const root = cloneOf("chart-template");
    const strips = STRIPS.map(([member, label, shape]) => {
        const strip = cloneOf("strip-template");
        strip.querySelector("b").textContent = label;
        strip.querySelector(".shape").classList.add(shape);
        root.querySelector(".strips").append(strip);
        return { member, label, shape, root: strip };
    });
    root.querySelector("h3").textContent = title;
    root.querySelector("summary").textContent = `${title} as a table`;
    root.querySelector("caption").textContent = `${title}: events ${step}, and waiting at its end`;
    root.querySelector("[role=region]").setAttribute("aria-label", `${title} as a table`);
    byId("charts").append(root);
    const chart = { name, title, step, root, strips, series: null };
    root.querySelector("details").addEventListener("toggle", () => fillTable(chart));
    root.querySelector(".strips").addEventListener("pointermove", event => pointAt(chart, event));
    root.querySelector(".strips").addEventListener("pointerleave", () => pointAt(chart, null));
    return chart;
}

/* Right after a start of the collector there are no points yet. */
function isDrawable(history) {
    return history !== null && CHARTS.every(([name]) => history[name].end_at && history[name].received.length > 0);
}

function showCharts(doc) {
    const isDrawn = isRead(doc) && isDrawable(doc.history);
    byId("charts").hidden = !isDrawn;
    byId("no-charts").hidden = isDrawn;
    if (isDrawn) charts.forEach(chart => showChart(chart, doc.history[chart.name], doc));
}

function showChart(chart, series, doc) {
    const isSame = JSON.stringify(series) === JSON.stringify(chart.series);
    const now = chart.now = Date.parse(doc.now);
    chart.series = series;
    for (const strip of chart.strips) show(strip.root.querySelector("p span"), summary(chart, strip, doc.backlog));
    if (isSame) return;
    chart.strips.forEach(strip => showStrip(chart, strip, series[strip.member]));
    const points = series.received.length;
    [0, points / 2, points].forEach((point, i) => show(chart.root.querySelector(".axis").children[i], clock(Math.min(now, endOf(chart, point - 1)), now)));
    pointAt(chart, null);
    fillTable(chart);
}

/* When the step at a place ends. */
function endOf(chart, place) {
    const { end_at: end, step_seconds: step, received } = chart.series;
    return Date.parse(end) - (received.length - 1 - place) * step * 1000;
}

function showStrip(chart, strip, points) {
    const svg = strip.root.querySelector("svg");
    const most = peakOf(points);
    const height = value => value > 0 ? Math.max(LEAST_HEIGHT, 96 * value / most) : 0;
    svg.setAttribute("viewBox", `0 0 ${points.length || 1} 100`);
    svg.querySelector(".unknown").setAttribute("d", stretches(points, value => !isKnown(value)).map(([from, to]) => `M${from} 0H${to}V100H${from}Z`).join(""));
    svg.querySelector(".shape").setAttribute("d", strip.shape === "bars" ? bars(points, height) : level(points, height));
    svg.setAttribute("aria-label", alternative(chart, strip, points, most));
}

/* What stands beside a strip's name. */
function summary(chart, strip, backlog) {
    const points = chart.series[strip.member];
    if (!points.some(isKnown)) return "not known";
    const most = count(peakOf(points));
    if (strip.shape === "bars") return `at most ${most} ${chart.step}`;
    const oldest = isKnown(backlog.oldest_age_seconds) ? `, the oldest for ${span(backlog.oldest_age_seconds * 1000)}` : "";
    return `now ${count(backlog.events)}${oldest}; at most ${most}`;
}

function peakOf(points) {
    return Math.max(0, ...points.filter(isKnown));
}

/* The stretches of places whose values fit, as [first, behind the last]. */
function stretches(points, fits) {
    const found = [];
    points.forEach((value, i) => {
        if (!fits(value)) return;
        const last = found[found.length - 1];
        if (last && last[1] === i) last[1] = i + 1;
        else found.push([i, i + 1]);
    });
    return found;
}

function bars(points, height) {
    const gap = points.length > 100 ? 0 : 0.12;
    return points.map((value, i) => value > 0 ? `M${i + gap} 100V${100 - height(value)}H${i + 1 - gap}V100Z` : "").join("");
}

function level(points, height) {
    return stretches(points, isKnown).map(([from, to]) =>
        `M${from} 100` + points.slice(from, to).map((value, i) => `V${100 - height(value)}H${from + i + 1}`).join("") + "V100Z").join("");
}

/* What a strip says to who does not see it. */
function alternative(chart, strip, points, most) {
    const unknown = points.filter(value => !isKnown(value)).length;
    if (unknown === points.length) return `${strip.label}, ${chart.title.toLowerCase()}: not known`;
    const when = clock(endOf(chart, points.indexOf(most)), chart.now);
    const peak = most > 0 ? `at most ${count(most)}${strip.shape === "bars" ? ` ${chart.step}` : ""}, at ${when}` : "none";
    const all = strip.shape === "bars" ? `${count(sum(points))} events, ` : "";
    const gaps = unknown > 0 ? `; not known for ${span(unknown * chart.series.step_seconds * 1000)}` : "";
    return `${strip.label}, ${chart.title.toLowerCase()}: ${all}${peak}${gaps}`;
}

function fillTable(chart) {
    if (!chart.series || !chart.root.querySelector("details").open) return;
    const { received, shipped, backlog } = chart.series;
    const places = received.map((_, i) => received.length - 1 - i);
    rows(chart.root.querySelector("tbody"), places, i => [
        [clock(endOf(chart, i), chart.now)], ...[received, shipped, backlog].map(points => [count(points[i])])]);
}

/* Says what is under the pointer, or what the grey means. */
function pointAt(chart, event) {
    const points = chart.series ? chart.series.received.length : 0;
    const box = chart.strips[0].root.querySelector("svg").getBoundingClientRect();
    const place = event && points ? Math.floor((event.clientX - box.left) / box.width * points) : -1;
    const isInside = place >= 0 && place < points;
    for (const strip of chart.strips) {
        const mark = strip.root.querySelector(".mark");
        mark.setAttribute("x", place);
        mark.setAttribute("visibility", isInside ? "visible" : "hidden");
    }
    const hasGaps = points > 0 && STRIPS.some(([member]) => !chart.series[member].every(isKnown));
    show(chart.root.querySelector(".readout"), ...(isInside ? [readout(chart, place)] : hasGaps ? [["span", "", { class: "swatch" }], " not known"] : []));
}

function readout(chart, place) {
    const values = STRIPS.map(([member, label]) => `${label.toLowerCase()} ${count(chart.series[member][place])}`);
    return `Until ${clock(endOf(chart, place), chart.now)}: ${values.join(", ")}`;
}

/* ---- the whole page ---- */

const PARTS_OF_SPOOL = [showNow, showConnected, showSenders, showStore, showRejects];

function showAll(doc) {
    const now = Date.parse(doc.now);
    const verdict = verdictOf(doc);
    showVerdict(verdict, doc.spool.node, meaningOf(doc, now, verdict));
    for (const part of [showProblems, ...(isRead(doc) ? PARTS_OF_SPOOL : []), showInstallation]) part(doc, now);
    for (const section of document.querySelectorAll("[data-of=spool]")) section.hidden = !isRead(doc);
    showCharts(doc);
    byId("figures").hidden = false;
    if (!state.answeredAt) performance.mark("drawn");
    delete document.body.dataset.stale;
    const differs = Math.abs(Date.now() - now) > CLOCK_DIFFERENCE_MS;
    show(byId("updated"), "As of ", time(doc.now, exactTime.format(now)), differs ? `. This computer's clock differs by ${span(Math.abs(Date.now() - now))}.` : "");
}

function showSilence(reason) {
    const since = state.answeredAt ? exactTime.format(state.answeredAt) : exactTime.format(state.openedAt);
    const below = state.doc ? " The figures below are of then." : "";
    document.body.dataset.stale = "";
    showVerdict(["question", "unknown", `No answer since ${since}`], state.doc && state.doc.spool.node,
        [`${reason} If it does not run, events are being lost: `, ["code", "eventspool status"], ` on its machine tells.${below}`]);
}

/* A tab in the background says nothing of now. */
function showPause() {
    document.title = "eventspool (not asked while this tab is hidden)";
    byId("icon").href = "data:,";
}

/* ---- asking, again and again, and not while nobody looks ---- */

const state = { doc: null, openedAt: Date.now(), answeredAt: 0, failures: 0, timer: 0, asking: null };

async function ask() {
    const asking = state.asking = new AbortController();
    const limit = setTimeout(() => asking.abort(), ANSWER_MS);
    const { doc, reason } = await (early || fetchStatus(asking.signal));
    early = null;
    clearTimeout(limit);
    if (asking !== state.asking) return;        // nobody looks any more
    if (doc) answered(doc);
    else failed(reason);
    schedule();
}

function answered(doc) {
    if (state.doc && state.doc.version !== doc.version) location.reload();   // the program was updated, and this page with it
    try {
        showAll(doc);
    } catch (error) {
        console.error(error);
        failed("The collector's answer is none that this page knows: reload it.");
        return;
    }
    state.doc = doc;
    state.failures = 0;
    state.answeredAt = Date.now();
}

/* Either the document or the reason why there is none. */
async function fetchStatus(signal) {
    try {
        const answer = await fetch("status.json", { cache: "no-store", signal });
        return answer.ok ? { doc: await answer.json() } : { reason: `The collector answers HTTP ${answer.status}.` };
    } catch (error) {
        if (error.name === "AbortError" || error.name === "TimeoutError") return { reason: "The collector takes too long to answer." };
        return { reason: error instanceof SyntaxError ? "The collector's answer is cut off." : "There is no connection to the collector." };
    }
}

function failed(reason) {
    state.failures++;
    if (state.failures >= FAILURES_TO_SAY) showSilence(reason);
}

function schedule() {
    clearTimeout(state.timer);
    if (document.hidden) return;
    const pause = state.failures === 0 ? POLL_MS : Math.min(BACKOFF_MAX_MS, 1000 * 2 ** (state.failures - 1));
    state.timer = setTimeout(ask, pause);
}

document.addEventListener("visibilitychange", () => {
    clearTimeout(state.timer);
    if (state.asking) state.asking.abort();
    state.asking = null;
    if (document.hidden) showPause();
    else ask();
});

/* Tables are laid out as blocks on a narrow screen, and stay tables to a screen reader. */
for (const [selector, role] of [["table", "table"], ["thead, tbody", "rowgroup"], ["thead tr", "row"], ["thead th", "columnheader"]])
    for (const element of document.querySelectorAll(selector)) element.setAttribute("role", role);

ask();
})();
