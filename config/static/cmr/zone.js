// Tell the server the browser's time zone, so that pages and forms go by the person's clock.
(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  if (zone) document.cookie = `zone=${zone}; path=/; max-age=31536000; SameSite=Lax${secure}`;
})();
