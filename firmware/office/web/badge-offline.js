// Keeps the badge's page in the phone, so that it opens without a network. Keeps nothing else.

const KEPT = "badge-page";

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(KEPT).then((cache) => cache.add("badge")));
  self.skipWaiting();
});

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  if (event.request.mode !== "navigate" || !new URL(event.request.url).pathname.endsWith("/badge")) {
    return;
  }
  event.respondWith(
    fetch(event.request)
      .then(async (answer) => {
        if (answer.ok) await (await caches.open(KEPT)).put("badge", answer.clone());
        return answer;
      })
      .catch(async () => (await caches.open(KEPT)).match("badge")),
  );
});
