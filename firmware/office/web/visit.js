// A visitor's pass that the office renews: each holds for half a minute, so a picture of one is
// worth nothing at the gate a minute later. The link's secret is behind the # and in no log.

const RENEW_MS = 20_000;
const RETRY_MS = 3_000;
const TICK_MS = 200;

let nextMs = 0; // on the clock of performance.now(), which nobody sets
let endsMs = 0;
let asking = false;
let over = false;

async function renew() {
  asking = true;
  try {
    const answer = await fetch("pass", {
      method: "POST",
      body: location.hash.slice(1),
      headers: { "Content-Type": "text/plain" },
      cache: "no-store",
      credentials: "omit",
    });
    const found = await answer.json();
    if (answer.ok) show(found);
    else refuse(answer.status, found);
  } catch {
    nextMs = performance.now() + RETRY_MS;
    say("Tidak ada jaringan. Mencoba lagi.", "No network. Trying again.", true);
  }
  asking = false;
}

function show(found) {
  const arrivedMs = performance.now();
  endsMs = arrivedMs + found.holds_ms;
  nextMs = arrivedMs + Math.min(RENEW_MS, found.holds_ms);
  describe(found.kind, settings.office);
  describeEnd(found.until_s);
  drawCode(byId("code"), found.text);
  drawRing(nextMs - arrivedMs, RENEW_MS);
  say("");
  only("showing");
}

function refuse(status, found) {
  nextMs = performance.now() + RETRY_MS;
  if (status === 425) {
    nextMs = performance.now() + RENEW_MS;
    describe("appointment", settings.office);
    say(
      `Mulai ${momentWords(found.from_s, "id-ID")}.`,
      `Starts ${momentWords(found.from_s, "en-GB")}.`,
      true,
    );
  } else if (status === 404 || status === 410) {
    over = true;
    only("");
    if (status === 404) say("Tautan ini tidak berlaku.", "This link is not valid.");
    else say("Kunjungan ini sudah berakhir.", "This visit is over.");
  }
}

function tick() {
  if (over || document.hidden) return;
  const nowMs = performance.now();
  if (!asking && nowMs >= nextMs) renew();
  drawRing(nextMs - nowMs, RENEW_MS);
  if (endsMs && nowMs >= endsMs) byId("showing").hidden = true;
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  if (!over) keepAwake();
  tick();
});
window.addEventListener("hashchange", () => {
  over = false;
  nextMs = 0;
  tick();
});
byId("office").textContent = settings.office;
keepAwake();
setInterval(tick, TICK_MS);
tick();
