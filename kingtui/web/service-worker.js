// Keeps the page's own files, so that it opens at once and says so when kingtui does not answer. Never data: whatever
// is neither the page itself nor one of its files under /web/ goes to the server, untouched. The server writes VERSION
// and SHELL above.

const CACHE = `kingtui ${VERSION}`;

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll(["/", ...SHELL]))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (SHELL.includes(pathname)) event.respondWith(caches.match(request).then((kept) => kept ?? fetch(request)));
  else if (request.mode === "navigate" && pathname === "/") {
    event.respondWith(fetch(request).catch(() => caches.match("/").then((kept) => kept ?? Response.error())));
  }
});
