// Only what pages without script do not need: focus after an edit in place, Escape to cancel, one open menu.
// After the settling: an Enter pressed before it would leave the page, as it does without script.
document.addEventListener("htmx:afterSettle", (event) => {
  const place = document.getElementById(event.detail.target.id) || event.detail.elt;
  const wanted = place && place.querySelector("[data-focus]");
  if (wanted) {
    wanted.focus();
    if (wanted.select) wanted.select();
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const form = event.target.closest(".reference-form");
  const cancel = form && form.querySelector("[data-cancel]");
  if (cancel) cancel.click();
  document.querySelectorAll("details.who[open]").forEach((menu) => { menu.open = false; });
});
