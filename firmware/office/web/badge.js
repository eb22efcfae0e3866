// A staff badge shown live: every half minute the phone's key signs the time.
// What is signed and what is shown: docs/reference/native-pass.md.

const STEP_MS = 30_000;
const LOCK_AFTER_MS = 300_000;
const TICK_MS = 200;
const CLOCK_KEY = "last-seen-ms";
const ECDSA = { name: "ECDSA", namedCurve: "P-256" };
const SIGNING = { name: "ECDSA", hash: "SHA-256" };

let live = null; // { key, badge, office, fromS, expiresS, madeS }, once the key is open
let shownStep = -1;
let hiddenSinceMs = 0;
let latestMs = 0; // the latest time that this page has seen

const uint32 = (value) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];

// CBOR, RFC 8949 section 3, as far as it is needed here.
const cborText = (text) => [0x60 | text.length, ...new TextEncoder().encode(text)];
const cborUint32 = (value) => [0x1a, ...uint32(value)];
const cborBytes = (bytes) => joined([0x58, bytes.length], bytes);

async function liveCode(step) {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", live.badge));
  const signed = joined([0x83], cborText("GPP1"), cborBytes(hash), cborUint32(step));
  const signature = new Uint8Array(await crypto.subtle.sign(SIGNING, live.key, signed));
  return `GPP1:${base45(
    joined([0x83], cborBytes(live.badge), cborUint32(step), cborBytes(signature)),
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
  const isBehind = wentBack(nowMs) || nowMs < live.madeS * 1000 - STEP_MS;
  if (nowMs >= live.expiresS * 1000) {
    say("Lencana sudah berakhir.", "This badge has expired.");
    return false;
  }
  if (isBehind) {
    say(
      "Jam ponsel ini tampaknya salah. Nyalakan waktu otomatis.",
      "This phone's clock seems wrong. Turn automatic time on.",
      true,
    );
  } else if (nowMs < live.fromS * 1000) {
    say("Lencana belum berlaku.", "This badge is not valid yet.", true);
  } else {
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
  drawCode(byId("code"), await liveCode(step));
  only("showing");
}

function begin(found) {
  live = found;
  shownStep = -1;
  describe("staff", found.office);
  describeEnd(found.expiresS);
  keepAwake();
  tick();
}

function details(from) {
  return {
    badge: fromBase64(from.badge),
    office: from.office,
    fromS: from.from_s,
    expiresS: from.expires_s,
    madeS: from.made_s,
  };
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
    begin({ ...details(settings), key });
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

const contains = (bytes, part) =>
  bytes.some((_, at) => part.every((byte, offset) => bytes[at + offset] === byte));

async function beginInBrowser() {
  describe("staff", settings.office);
  const keys = await ownKeys();
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", keys.publicKey));
  const x = point.slice(1, 33);
  const text = `GPK1:${base45(joined([point[64] & 1 ? 3 : 2], x))}`;
  if (location.hash.length > 1) {
    try {
      const bytes = fromBase64(location.hash.slice(1));
      const offered = JSON.parse(new TextDecoder().decode(bytes));
      if (contains(fromBase64(offered.badge), x)) await kept("badge", offered);
      else say("Tautan ini untuk ponsel lain.", "This link is for another phone.");
    } catch {
      say("Tautan ini rusak.", "This link is damaged.");
    }
    history.replaceState(null, "", location.pathname);
  }
  const badge = await kept("badge");
  if (badge) {
    begin({ ...details(badge), key: keys.privateKey });
    return;
  }
  drawCode(byId("enrol-code"), text);
  byId("enrol-text").textContent = text;
  only("enrol");
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

if (!window.isSecureContext || !crypto.subtle) {
  say(
    "Peramban ini tidak dapat menjaga kunci. Buka dengan Chrome atau Firefox.",
    "This browser can't keep a key. Open this in Chrome or Firefox.",
  );
} else if (settings.lock) {
  askPin();
} else {
  if (navigator.serviceWorker) navigator.serviceWorker.register("badge-offline.js").catch(() => {});
  window.addEventListener("hashchange", beginInBrowser);
  beginInBrowser().catch(() => {
    say(
      "Peramban ini tidak menyimpan apa pun. Matikan mode pribadi.",
      "This browser keeps nothing. Turn private mode off.",
    );
  });
}
