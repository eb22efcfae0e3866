// A badge as the office signed it: read, and found to be the office's or not.
// Its bytes: docs/reference/native-pass.md.

const ALGORITHM_LABEL = 1; // RFC 9052 section 3.1
const KEY_ID_LABEL = 4;
const EDDSA = -8; // RFC 9053 section 2.2
const EXPIRES = 4; // RFC 8392 section 3.1
const NOT_BEFORE = 5;
const CONFIRMATION = 8; // RFC 8747 section 3.1
const COSE_KEY = 1;
const X = -2; // RFC 9053 section 7.1.1
const FIELDS = -65537;
const STAFF = 2;
const PASS_BYTES_MAX = 160;
const DEPTH_MAX = 4;

const uint32 = (value) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];

// CBOR, RFC 8949 section 3, as far as it is needed here.
const cborText = (text) => [0x60 | text.length, ...new TextEncoder().encode(text)];
const cborUint32 = (value) => [0x1a, ...uint32(value)];
const cborBytes = (bytes) =>
  joined(bytes.length < 24 ? [0x40 | bytes.length] : [0x58, bytes.length], bytes);

// Throws on whatever a pass does not have, and on bytes that end too early or too late.
function fromCbor(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const argument = (info) => {
    if (info < 24) return info;
    const size = { 24: 1, 25: 2, 26: 4 }[info];
    const value = { 1: "getUint8", 2: "getUint16", 4: "getUint32" }[size];
    const found = view[value](at);
    at += size;
    return found;
  };
  const part = (length) => {
    if (at + length > bytes.length) throw new RangeError("too short");
    at += length;
    return bytes.slice(at - length, at);
  };
  const item = (depth) => {
    const first = view.getUint8(at);
    at += 1;
    const major = first >> 5;
    if (major === 7) {
      if (first < 0xf4 || first > 0xf6) throw new TypeError("no simple value of a pass");
      return { 0xf4: false, 0xf5: true, 0xf6: null }[first];
    }
    const value = argument(first & 31);
    if (major === 0) return value;
    if (major === 1) return -1 - value;
    if (major === 2) return part(value);
    if (depth === DEPTH_MAX) throw new RangeError("too deep");
    const next = () => item(depth + 1);
    if (major === 4) return Array.from({ length: value }, next);
    if (major !== 5) throw new TypeError("no item of a pass");
    return new Map(Array.from({ length: value }, () => [next(), next()]));
  };
  const found = item(0);
  if (at !== bytes.length) throw new RangeError("too long");
  return found;
}

function checked(holds) {
  if (!holds) throw new TypeError("no badge");
}

const isTime = (value) => Number.isInteger(value) && value >= 0;
const isBytes = (value, length) => value instanceof Uint8Array && value.length === length;
const same = (one, other) =>
  one.length === other.length && one.every((byte, at) => byte === other[at]);

// What a badge says of itself; nothing of it is proven. Throws where it is none.
function readBadge(bytes) {
  checked(bytes instanceof Uint8Array && bytes.length <= PASS_BYTES_MAX);
  const [head, unprotected, payload, signature] = fromCbor(bytes);
  const headers = fromCbor(head);
  const claims = fromCbor(payload);
  const kid = headers.get(KEY_ID_LABEL);
  const expiresS = claims.get(EXPIRES);
  const fromS = claims.has(NOT_BEFORE) ? claims.get(NOT_BEFORE) : 0;
  const x = claims.get(CONFIRMATION).get(COSE_KEY).get(X);
  checked(headers.get(ALGORITHM_LABEL) === EDDSA && unprotected.size === 0);
  checked(isBytes(kid, 4) && isBytes(signature, 64) && isBytes(x, 32));
  checked(isTime(expiresS) && isTime(fromS) && claims.get(FIELDS)[0] === STAFF);
  return { bytes, head, payload, signature, kid, x, expiresS, fromS };
}

const hexOf = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

// Who signed a badge, of those that this page was made with: { name, isProven }, or null for
// nobody. A browser without Ed25519 (before 2025) proves nothing, and says so.
async function signerOf(badge) {
  const issuer = settings.issuers.find((one) => one.kid === hexOf(badge.kid));
  if (!issuer) return null;
  let key;
  try {
    key = await crypto.subtle.importKey("raw", fromBase64(issuer.key), "Ed25519", false, ["verify"]);
  } catch {
    return { name: issuer.name, isProven: false };
  }
  // RFC 9052 section 4.4
  const signed = joined(
    [0x84], cborText("Signature1"), cborBytes(badge.head), [0x40], cborBytes(badge.payload),
  );
  const isProven = await crypto.subtle.verify("Ed25519", key, badge.signature, signed);
  return isProven ? { name: issuer.name, isProven } : null;
}
