// Runs before the first paint, so that a page that was made dark does not flash.
try {
  const chosen = JSON.parse(localStorage.getItem("cpyrender.theme"));
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage is forbidden here: the system's colours it is.
}
