/**
 * The service worker: keeps the shell (style, script, icons) and one page that says there is no network.
 * Nothing personal is ever kept: a page always comes from the network, or not at all.
 */
export {};
declare const self: ServiceWorkerGlobalScope;

const KEPT = "rongjun-shell";
const OFFLINE = new URL("offline/", self.registration.scope).href;

const isShell = (url: URL): boolean => url.origin === self.location.origin && url.pathname.startsWith("/static/rongjun/");

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(KEPT).then((cache) => cache.add(OFFLINE)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

async function shell(request: Request): Promise<Response> {
  const cache = await caches.open(KEPT);
  try {
    const fresh = await fetch(request);
    if (fresh.ok) await cache.put(request, fresh.clone());
    return fresh;
  } catch {
    return (await cache.match(request)) ?? Response.error();
  }
}

async function page(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match(OFFLINE)) ?? Response.error();
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  if (isShell(new URL(request.url))) event.respondWith(shell(request));
  else if (request.mode === "navigate") event.respondWith(page(request));
});
