// Puts the chosen theme on <html> before the first paint. Kept apart from the bundle, which runs later.
(() => {
  try {
    const theme = localStorage.getItem("assistant.theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // Storage is closed to us: the system's theme it is.
  }
})();
