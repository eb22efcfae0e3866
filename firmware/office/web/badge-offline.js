// Keeps the badge's page in the phone, so that it opens without a network, or with one that does
// not answer. Keeps nothing else.

const KEPT = "badge-page";
const ANSWER_MS_MAX = 2_000;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(KEPT).then((cache) => cache.add("badge")));
  self.skipWaiting();
});

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

async function fetched(request) {
  const answer = await fetch(request);
  if (!answer.ok) throw new Error("no page");
  await (await caches.open(KEPT)).put("badge", answer.clone());
  return answer;
}

async function kept() {
  const answer = await (await caches.open(KEPT)).match("badge");
  if (!answer) throw new Error("nothing kept");
  return answer;
}

const later = (make) => new Promise((resolve) => setTimeout(() => resolve(make()), ANSWER_MS_MAX));

self.addEventListener("fetch", (event) => {
  if (event.request.mode !== "navigate" || !new URL(event.request.url).pathname.endsWith("/badge")) {
    return;
  }
  const fresh = fetched(event.request);
  event.waitUntil(fresh.catch(() => {})); // one that comes late is there the next time
  // Whichever is there first: the server's, or after a moment the kept one. Where neither is,
  // the browser says why.
  event.respondWith(
    Promise.any([fresh.catch(kept), later(kept)]).catch(() => fetch(event.request)),
  );
});
