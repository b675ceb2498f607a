"""Chromium without a window: what a script or axe finds in a page, and pages printed."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

# Loads the page in a frame of a given width, does something in it, and writes what it finds where --dump-dom shows it.
_HARNESS = """<!doctype html><title>harness</title>
<iframe id="frame" style="width:{width}px;height:1000px;border:0" src="{page}"></iframe><pre id="found"></pre>
<script>
frame.onload = () => {{
  const page = frame.contentDocument;
  const shown = (selector) => [...page.querySelectorAll(selector)].filter((each) => each.checkVisibility()).length;
  const type = (text) => {{
    const input = page.querySelector("input");
    input.value = text;
    input.dispatchEvent(new Event("input"));
  }};
  found.textContent = JSON.stringify((() => {{ {script} }})());
}};
</script>
"""


def browse(page: Path, script: str, width: int = 1280) -> Any:
    """What a script returns that runs beside the page. Whatever the page or its script complains of is an error."""
    harness = page.with_name("harness.html")
    harness.write_text(_HARNESS.format(width=width, page=page.name, script=script), encoding="utf-8")
    ended = chromium("--allow-file-access-from-files", "--virtual-time-budget=5000", "--dump-dom", harness.as_uri())
    assert "CONSOLE" not in ended.stderr, ended.stderr
    [found] = re.findall(r'<pre id="found">(.*?)</pre>', ended.stdout, re.DOTALL)
    return json.loads(html.unescape(found))


# Opens all that is folded, has axe look at a part of the page, and writes what it finds where --dump-dom shows it.
_LOOKED_AT_BY_AXE = """<pre id="found-by-axe" hidden></pre><script>{axe}</script><script>
for (const details of document.querySelectorAll("details")) details.open = true;
axe.run({looked_at}, {{resultTypes: ["violations"], preload: false}}).then(({{violations}}) => {{
  document.getElementById("found-by-axe").textContent = JSON.stringify(violations.map(
    ({{id, impact, nodes}}) => [impact, id, nodes.length, nodes[0].html.slice(0, 200), nodes[0].failureSummary]));
}});
</script></body>"""


def axe(page: Path, within: str) -> list[list[Any]]:
    """What axe finds wrong with what a selector finds on a page, unfolded: impact, rule, how often, and where."""
    found = find_spec("axe_playwright_python")
    assert found, "axe is not installed; run: make setup-test"
    assert found.submodule_search_locations
    script = (Path(found.submodule_search_locations[0]) / "axe.min.js").read_text(encoding="utf-8")
    looked_at = page.with_name(f"axe-{page.name}")
    text = page.read_text(encoding="utf-8")
    assert text.count("</body>") == 1
    added = _LOOKED_AT_BY_AXE.format(axe=script, looked_at=json.dumps(within))
    looked_at.write_text(text.replace("</body>", added), encoding="utf-8")
    ended = chromium("--window-size=1280,1000", "--virtual-time-budget=60000", "--dump-dom", looked_at.as_uri())
    assert "CONSOLE" not in ended.stderr, ended.stderr
    [said] = re.findall(r'<pre id="found-by-axe" hidden="">(.*?)</pre>', ended.stdout, re.DOTALL)
    assert said, "axe did not come to an end"
    return json.loads(html.unescape(said))


def chromium(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it without a window, a network or a sandbox, which a container has none of."""
    assert CHROMIUM
    quiet = ("--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--proxy-server=127.0.0.1:9")
    return subprocess.run([CHROMIUM, *quiet, *arguments], capture_output=True, text=True, check=True, timeout=200)


def pages(pdf: Path) -> int:
    """How many pages a PDF has."""
    return len(re.findall(rb"/Type\s*/Page\b", pdf.read_bytes()))
