// Tables that sort and filter. Without this they are plain tables.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0], rows = Array.from(body.rows);
  const key = (row, k) => row.cells[k].dataset.v ?? row.cells[k].textContent;
  Array.from(table.tHead.rows[0].cells).forEach((head, k) => {
    const button = document.createElement("button");
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const numeric = head.classList.contains("num");
      const value = (row) => {
        const text = key(row, k);
        return numeric ? (text === "" ? Infinity : Number(text)) : text;
      };
      const keyed = rows.map((row) => [value(row), row]);
      keyed.sort(([a], [b]) => (numeric ? (a === b ? 0 : a > b ? 1 : -1) : a.localeCompare(b, "en", { numeric: true })));
      if (down) keyed.reverse();
      body.append(...keyed.map(([, row]) => row));
    });
  });
  if (rows.length > 8) {
    const box = document.createElement("input"), count = document.createElement("span"), label = document.createElement("label");
    const show = () => {
      const words = box.value.toLowerCase().split(" ").filter(Boolean);
      let left = 0;
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        left += row.hidden ? 0 : 1;
      }
      count.textContent = `${left.toLocaleString("en")} of ${rows.length.toLocaleString("en")}`;
    };
    box.type = "search";
    box.placeholder = "filter: words that a row has";
    box.addEventListener("input", show);
    label.className = "filter";
    label.append(box, count);
    table.parentElement.before(label);
    show();
  }
}
