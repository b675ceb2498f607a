"use strict";
// The pages are whole without this: it adds the search, and opens everything before a page is printed.
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details")) details.open = true;
});

const MOST = 40;
const box = document.getElementById("search");
box.innerHTML = '<label for="wanted">Search tables, columns, measures, rules, sources and headers</label>'
  + '<input id="wanted" type="search" role="combobox" aria-expanded="false" aria-controls="found"'
  + ' aria-autocomplete="list" autocomplete="off" spellcheck="false">'
  + '<ul id="found" role="listbox" aria-label="Found" hidden></ul><p role="status"></p>';
box.hidden = false;
const [wanted, found, status] = ["input", "ul", "p"].map((name) => box.querySelector(name));
const texts = ENTRIES.map(([kind, name, , said]) => [name.toLowerCase(), `${name} ${kind} ${said}`.toLowerCase()]);
let chosen = -1;

// 0 is best: the whole name, then a part of it between points, its beginning, a place in it, and words anywhere. Of two
// that are as good the shorter name comes first.
function rank([name, text], query, words) {
  if (!words.every((word) => text.includes(word))) return -1;
  if (name === query) return 0;
  if (name.split(".").includes(query)) return 1;
  if (name.startsWith(query)) return 2;
  return name.includes(query) ? 3 : 4;
}

function look() {
  const query = wanted.value.trim().toLowerCase().replace(/^marts\./, "");
  const words = query.split(/\s+/);
  const ranked = !query ? [] : texts
    .map((text, at) => [rank(text, query.replace(/\s+/g, "_"), words), at])
    .filter(([how]) => how >= 0)
    .sort(([one, first], [other, second]) =>
      one - other || texts[first][0].length - texts[second][0].length || first - second);
  found.replaceChildren(...ranked.slice(0, MOST).map(([, at], place) => {
    const [kind, name, where, said] = ENTRIES[at];
    const option = document.createElement("li");
    option.id = `found-${place}`;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    option.dataset.where = where;
    const about = document.createElement("span");
    about.textContent = `${kind}: ${said}`;
    option.append(name, about);
    return option;
  }));
  const more = ranked.length > MOST ? `, the best ${MOST} shown` : "";
  status.textContent = !query ? "" : ranked.length === 1 ? "1 found" : `${ranked.length} found${more}`;
  show(ranked.length > 0);
  choose(-1);
}

function show(open) {
  found.hidden = !open;
  wanted.setAttribute("aria-expanded", open);
}

function choose(at) {
  if (chosen >= 0) found.children[chosen]?.setAttribute("aria-selected", "false");
  chosen = at;
  const option = found.children[at];
  if (!option) return wanted.removeAttribute("aria-activedescendant");
  option.setAttribute("aria-selected", "true");
  option.scrollIntoView({ block: "nearest" });
  wanted.setAttribute("aria-activedescendant", option.id);
}

function go(option) {
  show(false);
  location.href = option.dataset.where;
}

wanted.addEventListener("input", look);
wanted.addEventListener("focus", () => show(found.children.length > 0));
wanted.addEventListener("keydown", (event) => {
  const last = found.children.length - 1;
  if (event.key === "Escape") show(false);
  else if (event.key === "Enter" && last >= 0) go(found.children[Math.max(chosen, 0)]);
  else if (event.key === "ArrowDown" && last >= 0) (show(true), choose(chosen < last ? chosen + 1 : 0));
  else if (event.key === "ArrowUp" && last >= 0) (show(true), choose(chosen > 0 ? chosen - 1 : last));
  else return;
  event.preventDefault();
});
found.addEventListener("mousedown", (event) => {
  event.preventDefault();
  const option = event.target.closest("li");
  if (option) go(option);
});
wanted.addEventListener("blur", () => show(false));
addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || document.activeElement === wanted) return;
  event.preventDefault();
  wanted.focus();
});
