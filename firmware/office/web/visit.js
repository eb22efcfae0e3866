// A visitor's pass that the office renews: each holds for half a minute, so an old picture of one
// is worth nothing at the gate. The link's secret is behind the # and in no log.

const RENEW_MS = 20_000;
const RENEW_JITTER_MS = 4_000; // a hall of phones that began together does not stay together
const RETRY_MS = 3_000;
const RETRY_MS_MAX = 12_000;
const APART_MS = 2_500; // the office answers no link more often
const ANSWER_MS_MAX = 8_000;
const PATIENCE_MS = 1_000; // without a code and without a word
const TICK_MS = 200;

let ask = { since: moment(), afterMs: 0 }; // when to ask next
let pass = null; // { since, holdsMs } of the one that is shown
let failures = 0;
let asking = null; // when the question was asked that has no answer yet
let over = false;

// One clock may be set, the other may stand still while a phone sleeps: the later of both counts.
function moment() {
  return { steadyMs: performance.now(), wallMs: Date.now() };
}

const sinceMs = (past) =>
  Math.max(performance.now() - past.steadyMs, Math.abs(Date.now() - past.wallMs));

const askIn = (afterMs) => {
  ask = { since: moment(), afterMs };
};

async function renew() {
  asking = moment();
  const stop = new AbortController();
  const late = setTimeout(() => stop.abort(), ANSWER_MS_MAX);
  try {
    const answer = await fetch("pass", {
      method: "POST",
      body: location.hash.slice(1),
      headers: { "Content-Type": "text/plain" },
      cache: "no-store",
      credentials: "omit",
      signal: stop.signal,
    });
    const found = await answer.json().catch(() => null); // a proxy's own page is no answer of ours
    if (stop.signal.aborted) throw new Error("too late");
    if (answer.ok && found) show(found);
    else refuse(found ? answer.status : 503, found);
  } catch {
    askAgain();
    if (stop.signal.aborted) {
      say("Jaringan terlalu lambat. Mencoba lagi.", "The network is too slow. Trying again.", true);
    } else {
      say("Tidak ada jaringan. Mencoba lagi.", "No network. Trying again.", true);
    }
  }
  clearTimeout(late);
  asking = null;
}

// Twice as long after each failure, and not all phones at once.
function askAgain() {
  const waitMs = Math.min(RETRY_MS * 2 ** failures, RETRY_MS_MAX);
  failures += 1;
  askIn(waitMs * (0.75 + Math.random() / 4));
}

function show(found) {
  failures = 0;
  pass = { since: moment(), holdsMs: found.holds_ms };
  askIn(Math.min(RENEW_MS - Math.random() * RENEW_JITTER_MS, found.holds_ms));
  describe(found.kind, settings.office);
  describeEnd(found.until_s);
  drawCode(byId("code"), found.text);
  drawRing(ask.afterMs, ask.afterMs);
  say("");
  only("showing");
}

function refuse(status, found) {
  if (status === 425) {
    failures = 0;
    askIn(RENEW_MS);
    describe("appointment", settings.office);
    say(
      `Mulai ${momentWords(found.from_s, "id-ID")}.`,
      `Starts ${momentWords(found.from_s, "en-GB")}.`,
      true,
    );
  } else if (status === 404 || status === 410 || status === 413) {
    over = true;
    pass = null;
    only("");
    if (status === 410) say("Kunjungan ini sudah berakhir.", "This visit is over.");
    else say("Tautan ini tidak berlaku.", "This link is not valid.");
  } else {
    askAgain();
    if (status === 429) {
      say("Terlalu banyak permintaan. Mencoba lagi.", "Too many requests. Trying again.", true);
    } else {
      say(
        "Kantor sedang tidak dapat menjawab. Mencoba lagi.",
        "The office can't answer now. Trying again.",
        true,
      );
    }
  }
}

function tick() {
  if (over || document.hidden) return;
  if (pass && sinceMs(pass.since) >= pass.holdsMs) {
    pass = null;
    only("");
  }
  if (!asking && sinceMs(ask.since) >= ask.afterMs) renew();
  if (asking && !pass && byId("notice").hidden && sinceMs(asking) > PATIENCE_MS) {
    say("Menunggu jaringan.", "Waiting for the network.", true);
  }
  drawRing(ask.afterMs - sinceMs(ask.since), ask.afterMs || RENEW_MS);
}

// Seen again after a while, or in reach again: ask at once, and never twice in a breath.
function askNow() {
  const doneMs = sinceMs(ask.since);
  const waitMs = Math.max(0, APART_MS - doneMs);
  if (!asking && waitMs < ask.afterMs - doneMs) askIn(waitMs);
  tick();
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  if (!over) keepAwake();
  askNow();
});
window.addEventListener("online", askNow);
window.addEventListener("hashchange", () => {
  over = false;
  askIn(0);
  tick();
});
byId("office").textContent = settings.office;
keepAwake();
setInterval(tick, TICK_MS);
tick();
