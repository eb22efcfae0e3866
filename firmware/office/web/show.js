// What the badge and the visit share: the code, the ring, the words, and a screen that stays on.

const settings = JSON.parse(document.getElementById("settings").textContent);
const byId = (id) => document.getElementById(id);

const QUIET_ZONE_MODULES = 4; // ISO/IEC 18004 section 6.3.8
const BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"; // RFC 9285 section 4

function base45(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 2) {
    const isPair = at + 1 < bytes.length;
    let value = isPair ? bytes[at] * 256 + bytes[at + 1] : bytes[at];
    for (let digit = 0; digit < (isPair ? 3 : 2); digit += 1) {
      text += BASE45[value % 45];
      value = Math.floor(value / 45);
    }
  }
  return text;
}

function fromBase64(text) {
  const standard = text.replace(/-/g, "+").replace(/_/g, "/");
  return Uint8Array.from(atob(standard), (letter) => letter.charCodeAt(0));
}

function joined(...parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

// One path of dark modules; the view box is the code with its quiet zone.
function drawCode(svg, text) {
  const modules = encodeQR(text, "raw", {
    ecc: "medium",
    encoding: "alphanumeric",
    border: QUIET_ZONE_MODULES,
  });
  let path = "";
  modules.forEach((row, y) => {
    row.forEach((dark, x) => {
      if (dark) path += `M${x} ${y}h1v1h-1z`;
    });
  });
  const ink = document.createElementNS("http://www.w3.org/2000/svg", "path");
  ink.setAttribute("d", path);
  svg.setAttribute("viewBox", `0 0 ${modules.length} ${modules.length}`);
  svg.replaceChildren(ink);
  svg.dataset.text = text;
}

function drawRing(restMs, wholeMs) {
  const part = Math.max(0, Math.min(1, restMs / wholeMs));
  byId("rest").style.strokeDashoffset = String(1 - part);
  byId("seconds").textContent = String(Math.ceil(Math.max(0, restMs) / 1000));
  byId("ring").classList.toggle("last", restMs < 5000);
}

// A sentence in both languages; `care` is for what is wrong but does not stop anything.
function say(indonesian, english, care = false) {
  const notice = byId("notice");
  notice.hidden = !indonesian;
  notice.classList.toggle("care", care);
  notice.querySelector("b").textContent = indonesian || "";
  notice.querySelector("span").textContent = english || "";
}

function only(id) {
  for (const part of ["showing", "unlock", "enrol", "replace"]) byId(part).hidden = part !== id;
}

const KINDS = {
  visitor: ["Tamu", "Visitor"],
  appointment: ["Janji temu", "Appointment"],
  staff: ["Pegawai", "Staff"],
};

function describe(kind, office) {
  const [indonesian, english] = KINDS[kind];
  document.querySelector("header").classList.toggle("staff", kind === "staff");
  byId("kind").textContent = indonesian;
  byId("kind-second").textContent = english;
  byId("office").textContent = office;
}

function momentWords(seconds, language) {
  const form = new Intl.DateTimeFormat(language, {
    dateStyle: "medium",
    timeStyle: "short",
    timeZone: settings.zone,
  });
  return form.format(new Date(seconds * 1000));
}

function describeEnd(seconds, id = "until") {
  const english = document.createElement("i");
  english.lang = "en";
  english.textContent = `Until ${momentWords(seconds, "en-GB")}`;
  byId(id).replaceChildren(`Sampai ${momentWords(seconds, "id-ID")} `, english);
}

// The screen must not go dark in the queue. Not every browser can; then nothing is lost.
async function keepAwake() {
  try {
    await navigator.wakeLock.request("screen");
  } catch {
    // the battery is low, or the browser has no such thing
  }
}
