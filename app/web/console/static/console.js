// Comfort only: every page can be read, and every form sent, without this file.
"use strict";

// Lists can be walked by the arrow keys (or j and k): the first link of the next or previous row takes the focus.
document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
  const row = document.activeElement?.closest("tbody tr");
  if (event.key === "j" && !event.ctrlKey && !event.metaKey && !event.altKey && [document.body, document.querySelector("main")].includes(document.activeElement)) {
    // Nothing has the focus yet: the first row takes it.
    document.querySelector("main tbody a")?.focus();
    return;
  }
  if (!step || !row || event.ctrlKey || event.metaKey || event.altKey) return;
  if (/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName) && document.activeElement.type !== "checkbox") return;
  const next = step > 0 ? row.nextElementSibling : row.previousElementSibling;
  const target = next?.querySelector("a, button, input");
  if (target) {
    target.focus();
    event.preventDefault();
  }
});
