"use strict";
// The page is whole without this: it adds a filter of rules, and opens everything before it is printed.
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details")) details.open = true;
});
const rules = document.getElementById("rules").parentElement;
const folded = rules.querySelectorAll("details.rules");
if (folded.length) {
  const box = document.createElement("div");
  box.className = "filter";
  box.innerHTML = '<label>Show rules with <input type="search"></label>'
    + '<button type="button" aria-expanded="false">Open all sources</button><span role="status"></span>';
  rules.insertBefore(box, folded[0]);
  const [input, button, status] = ["input", "button", "[role=status]"].map((name) => box.querySelector(name));
  button.addEventListener("click", () => {
    const open = button.getAttribute("aria-expanded") !== "true";
    for (const details of folded) details.open = open;
    button.setAttribute("aria-expanded", open);
    button.textContent = open ? "Close all sources" : "Open all sources";
  });
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    let shown = 0;
    for (const details of folded) {
      let here = 0;
      for (const row of details.querySelectorAll("tbody tr")) {
        row.hidden = !row.textContent.toLowerCase().includes(wanted);
        here += !row.hidden;
      }
      details.hidden = !here;
      if (wanted) details.open = here > 0;
      shown += here;
    }
    status.textContent = wanted ? (shown === 1 ? "1 rule" : shown + " rules") : "";
  });
}
