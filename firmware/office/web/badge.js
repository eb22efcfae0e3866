// A staff badge shown live: every half minute the phone's key signs the time.
// What is signed and what is shown: docs/reference/native-pass.md.

const STEP_MS = 30_000;
const LOCK_AFTER_MS = 300_000;
const TICK_MS = 200;
const CLOCK_KEY = "last-seen-ms";
const ECDSA = { name: "ECDSA", namedCurve: "P-256" };
const SIGNING = { name: "ECDSA", hash: "SHA-256" };

let live = null; // { key, badge, office }, once the key is open; badge is that of readBadge
let shownStep = -1;
let noticeEndsMs = 0; // until then a notice stays that is not about the clock
let hiddenSinceMs = 0;
let latestMs = 0; // the latest time that this page has seen

async function liveCode(shown, step) {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", shown.badge.bytes));
  const signed = joined([0x83], cborText("GPP1"), cborBytes(hash), cborUint32(step));
  const signature = new Uint8Array(await crypto.subtle.sign(SIGNING, shown.key, signed));
  return `GPP1:${base45(
    joined([0x83], cborBytes(shown.badge.bytes), cborUint32(step), cborBytes(signature)),
  )}`;
}

// A phone without a network can't know the time, but it can know that its clock is behind: before
// the badge was made, or before a time that this page has seen. A clock that was ahead once and was
// put right is doubted until the page is opened anew.
function wentBack(nowMs) {
  try {
    latestMs = latestMs || Number(localStorage.getItem(CLOCK_KEY)) || 0;
    localStorage.setItem(CLOCK_KEY, String(nowMs));
  } catch {
    // no storage for files here: the time at which the badge was made is left
  }
  if (nowMs < latestMs - 2 * STEP_MS) return true;
  latestMs = Math.max(latestMs, nowMs);
  return false;
}

function judgeClock() {
  const nowMs = Date.now();
  const isBehind = wentBack(nowMs) || nowMs < settings.made_s * 1000 - STEP_MS;
  if (nowMs >= live.badge.expiresS * 1000) {
    say("Lencana sudah berakhir.", "This badge has expired.");
    return false;
  }
  if (isBehind) {
    say(
      "Jam ponsel ini tampaknya salah. Nyalakan waktu otomatis.",
      "This phone's clock seems wrong. Turn automatic time on.",
      true,
    );
  } else if (nowMs < live.badge.fromS * 1000) {
    say("Lencana belum berlaku.", "This badge is not valid yet.", true);
  } else if (nowMs >= noticeEndsMs) {
    say("");
  }
  return true;
}

async function tick() {
  if (!live || document.hidden) return;
  const nowMs = Date.now();
  const step = Math.floor(nowMs / STEP_MS);
  drawRing((step + 1) * STEP_MS - nowMs, STEP_MS);
  if (step === shownStep) return;
  shownStep = step;
  if (!judgeClock()) {
    only("");
    return;
  }
  const shown = live;
  const text = await liveCode(shown, step);
  if (shown !== live) return; // locked, or replaced, while the key signed
  drawCode(byId("code"), text);
  only("showing");
}

function begin(key, badge, office) {
  live = { key, badge, office };
  shownStep = -1;
  describe("staff", office);
  describeEnd(badge.expiresS);
  keepAwake();
  tick();
}

// --- a badge in a file, its key behind a PIN ---------------------------------------------------

async function openedKey(pin) {
  const lock = settings.lock;
  const material = await crypto.subtle.importKey(
    "raw", new TextEncoder().encode(pin), "PBKDF2", false, ["deriveKey"],
  );
  const key = await crypto.subtle.deriveKey(
    { name: "PBKDF2", hash: "SHA-256", salt: fromBase64(lock.salt), iterations: lock.iterations },
    material, { name: "AES-GCM", length: 256 }, false, ["decrypt"],
  );
  const opened = await crypto.subtle.decrypt(
    { name: "AES-GCM", iv: fromBase64(lock.nonce) }, key, fromBase64(lock.sealed),
  );
  return crypto.subtle.importKey("pkcs8", opened, ECDSA, false, ["sign"]);
}

function askPin() {
  live = null;
  describe("staff", settings.office);
  only("unlock");
  byId("pin").value = "";
  byId("pin").focus();
}

byId("unlock").addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = byId("unlock").querySelector("button");
  button.disabled = true;
  try {
    const key = await openedKey(byId("pin").value);
    say("");
    begin(key, readBadge(fromBase64(settings.badge)), settings.office);
  } catch {
    say("PIN salah.", "Wrong PIN.");
    byId("pin").select();
  }
  byId("pin").value = "";
  button.disabled = false;
});

// --- a badge in the browser, its key made there and never shown ---------------------------------

function database() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open("badge", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("kept");
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

async function kept(name, value) {
  const store = (await database())
    .transaction("kept", value === undefined ? "readonly" : "readwrite")
    .objectStore("kept");
  return new Promise((resolve, reject) => {
    const asked = value === undefined ? store.get(name) : store.put(value, name);
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

async function ownKeys() {
  let keys = await kept("keys");
  if (!keys) {
    keys = await crypto.subtle.generateKey(ECDSA, false, ["sign"]);
    await kept("keys", keys);
    if (navigator.storage && navigator.storage.persist) await navigator.storage.persist();
  }
  return keys;
}

// A link is no proof of where it comes from: what it brings is taken only if the office signed it
// for this very key, and takes another badge's place only if the holder says so.
async function offered(text, x, held) {
  let badge;
  try {
    badge = readBadge(fromBase64(text));
  } catch {
    return refuse("Tautan ini rusak.", "This link is damaged.");
  }
  if (!same(badge.x, x)) return refuse("Tautan ini untuk ponsel lain.", "This link is for another phone.");
  const signer = await signerOf(badge);
  if (!signer) return refuse("Lencana ini bukan dari kantor ini.", "This badge is not from this office.");
  const found = { badge, office: signer.name };
  if (!held || same(held.badge.bytes, badge.bytes)) return found;
  return (await isReplaced(held, found, signer.isProven)) ? found : null;
}

function refuse(indonesian, english) {
  noticeEndsMs = Date.now() + STEP_MS;
  say(indonesian, english);
  return null;
}

// Asks the holder. Only the last question that was asked has an answer.
function isReplaced(held, found, isProven) {
  live = null;
  describe("staff", found.office);
  describeEnd(held.badge.expiresS, "until-held");
  describeEnd(found.badge.expiresS, "until-found");
  if (isProven) say("");
  else {
    say(
      "Ponsel ini tidak dapat memeriksa pembuatnya. Ganti hanya jika kantor memintanya.",
      "This phone can't check who made it. Replace it only if the office asked you to.",
      true,
    );
  }
  only("replace");
  return new Promise((resolve) => {
    byId("replace-yes").onclick = () => resolve(true);
    byId("replace-no").onclick = () => resolve(false);
  });
}

// What an earlier visit kept; something that is no badge is nothing.
async function heldBadge() {
  const found = await kept("badge");
  try {
    return { badge: readBadge(found.bytes), office: String(found.office) };
  } catch {
    return null;
  }
}

async function beginInBrowser() {
  const link = location.hash.slice(1);
  if (link) history.replaceState(null, "", location.pathname);
  describe("staff", settings.office);
  const keys = await ownKeys();
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", keys.publicKey));
  const x = point.slice(1, 33);
  const held = await heldBadge();
  const taken = link ? await offered(link, x, held) : null;
  if (taken) await kept("badge", { bytes: taken.badge.bytes, office: taken.office });
  const shown = taken || held;
  if (shown) {
    begin(keys.privateKey, shown.badge, shown.office);
    return;
  }
  const text = `GPK1:${base45(joined([point[64] & 1 ? 3 : 2], x))}`;
  drawCode(byId("enrol-code"), text);
  byId("enrol-text").textContent = text;
  only("enrol");
}

async function start() {
  try {
    await beginInBrowser();
  } catch {
    say(
      "Peramban ini tidak menyimpan apa pun. Matikan mode pribadi.",
      "This browser keeps nothing. Turn private mode off.",
    );
  }
}

// --- both ---------------------------------------------------------------------------------------

document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    hiddenSinceMs = Date.now();
    return;
  }
  if (settings.lock && live && Math.abs(Date.now() - hiddenSinceMs) > LOCK_AFTER_MS) askPin();
  shownStep = -1;
  if (live) keepAwake();
  tick();
});
setInterval(tick, TICK_MS);

if (location.protocol === "http:" && !window.isSecureContext) {
  say("Buka alamat ini dengan https, bukan http.", "Open this address with https, not http.");
} else if (!window.isSecureContext || !crypto.subtle) {
  say(
    "Peramban ini tidak dapat menjaga kunci. Buka dengan Chrome atau Firefox.",
    "This browser can't keep a key. Open this in Chrome or Firefox.",
  );
} else if (settings.lock) {
  askPin();
} else {
  if (navigator.serviceWorker) {
    navigator.serviceWorker.register("badge-offline.js", { scope: "badge" }).catch(() => {});
  }
  window.addEventListener("hashchange", start);
  start();
}
