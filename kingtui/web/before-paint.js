// The chosen theme must be known before the first paint, or a dark page flashes white.
try {
  const chosen = localStorage.getItem("kingtui.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // A browser that keeps nothing follows the system's choice.
}
