"use strict";
// What the page does beyond being read: tables sort, figures and spectrograms tell their values.
(() => {
  const tip = document.getElementById("tip");

  function show(text, x, y) {
    tip.textContent = text;
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    const left = Math.min(Math.max(x - box.width / 2, 6), innerWidth - box.width - 6);
    const above = y - box.height - 14;
    tip.style.left = `${Math.max(left, 6)}px`;
    tip.style.top = `${above > 6 ? above : y + 18}px`;
  }

  function hide() {
    tip.hidden = true;
    for (const mark of document.querySelectorAll(".mark.on")) mark.classList.remove("on");
  }

  // Tables: a button in each heading; ascending, descending, as it was.
  const words = new Intl.Collator("en", { numeric: true });

  function compare(one, other) {
    const [a, b] = [one, other].map((cell) => ({ text: cell.textContent.trim(), number: cell.dataset.sort }));
    if (a.number !== undefined && b.number !== undefined) return Number(a.number) - Number(b.number);
    return words.compare(a.text, b.text);
  }

  function sort(table, rows, heading, column) {
    const next = { ascending: "descending", descending: null }[heading.getAttribute("aria-sort")];
    const direction = next === undefined ? "ascending" : next;
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    let sorted = rows;
    if (direction) {
      heading.setAttribute("aria-sort", direction);
      const empty = (row) => row.cells[column].textContent.trim() === "-";
      const known = rows.filter((row) => !empty(row));
      known.sort((one, other) => compare(one.cells[column], other.cells[column]) * (direction === "ascending" ? 1 : -1));
      sorted = [...known, ...rows.filter(empty)];
    }
    table.tBodies[0].append(...sorted);
  }

  for (const table of document.querySelectorAll("table")) {
    const rows = [...table.tBodies[0].rows];
    if (rows.length < 2) continue;
    [...table.tHead.rows[0].cells].forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => sort(table, rows, heading, column));
    });
  }

  // A table wider than its place can be scrolled by keyboard.
  const overflow = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target.scrollWidth > target.clientWidth + 1) {
        target.tabIndex = 0;
        target.setAttribute("role", "region");
        target.setAttribute("aria-labelledby", target.dataset.caption);
      } else {
        for (const name of ["tabindex", "role", "aria-labelledby"]) target.removeAttribute(name);
      }
    }
  });
  for (const box of document.querySelectorAll(".scroll")) overflow.observe(box);

  // Figures: hover and touch, or focus and arrow keys. The title elements would show a second time.
  for (const svg of document.querySelectorAll("svg")) {
    const marks = [...svg.querySelectorAll(".mark")];
    if (!marks.length) continue;
    for (const mark of marks) {
      const title = mark.querySelector("title");
      mark.dataset.tells = title.textContent;
      title.remove();
    }
    const columns = Number(svg.dataset.columns || 1);
    let current = -1;
    svg.tabIndex = 0;
    svg.setAttribute("aria-label", `${svg.getAttribute("aria-label")}. Arrow keys tell the values.`);

    const point = (mark, x, y) => {
      hide();
      mark.classList.add("on");
      current = marks.indexOf(mark);
      const box = (mark.querySelector(".cell-back, .dot, .stroked, .bubble, .pointer") || mark).getBoundingClientRect();
      show(mark.dataset.tells, x ?? box.x + box.width / 2, y ?? box.y);
    };
    const hovered = (event) => {
      const mark = event.target.closest(".mark");
      if (mark) point(mark, event.clientX, event.clientY);
      else hide();
    };
    svg.addEventListener("pointermove", hovered);
    svg.addEventListener("pointerdown", hovered);
    svg.addEventListener("pointerleave", hide);
    svg.addEventListener("blur", hide);
    svg.addEventListener("focus", () => {
      if (svg.matches(":focus-visible")) point(marks[Math.max(current, 0)]);
    });
    svg.addEventListener("keydown", (event) => {
      const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns, Home: -marks.length,
        End: marks.length };
      if (!(event.key in steps)) return;
      event.preventDefault();
      point(marks[Math.min(Math.max(current + steps[event.key], 0), marks.length - 1)]);
    });
  }

  // Spectrograms: the colour of a pixel says its level.
  for (const gallery of document.querySelectorAll(".gallery")) {
    const hertz = gallery.dataset.hertz.split(" ").map(Number);
    const levels = new Map(gallery.dataset.palette.match(/.{6}/g).map((colour, level) => [parseInt(colour, 16), level]));
    const canvas = document.createElement("canvas");
    const context = canvas.getContext("2d", { willReadFrequently: true });

    for (const image of gallery.querySelectorAll("img")) {
      let at = [0.5, 0.5];
      const { low, high } = image.closest(".clips").dataset;
      const tell = () => {
        const box = image.getBoundingClientRect();
        canvas.width = image.naturalWidth;
        canvas.height = image.naturalHeight;
        context.drawImage(image, 0, 0);
        const [column, row] = at.map((share, axis) => {
          const size = axis ? canvas.height : canvas.width;
          return Math.min(Math.max(Math.floor(share * size), 0), size - 1);
        });
        const [red, green, blue] = context.getImageData(column, row, 1, 1).data;
        const level = levels.get(red * 65536 + green * 256 + blue);
        const frequency = hertz[canvas.height - 1 - row];
        const time = (Number(gallery.dataset.seconds) * (column + 0.5)) / canvas.width;
        const loud = level === undefined ? "" : `, ${(Number(low) + (level / 255) * (high - low)).toFixed(0)} dB`;
        show(`${time.toFixed(2)} s, ${frequency} Hz${loud}`, box.x + at[0] * box.width, box.y + at[1] * box.height);
      };
      const hovered = (event) => {
        const box = image.getBoundingClientRect();
        at = [(event.clientX - box.x) / box.width, (event.clientY - box.y) / box.height];
        tell();
      };
      image.tabIndex = 0;
      image.addEventListener("pointermove", hovered);
      image.addEventListener("pointerdown", hovered);
      image.addEventListener("pointerleave", hide);
      image.addEventListener("blur", hide);
      image.addEventListener("focus", () => {
        if (image.matches(":focus-visible")) tell();
      });
      image.addEventListener("keydown", (event) => {
        const steps = { ArrowRight: [0.02, 0], ArrowLeft: [-0.02, 0], ArrowDown: [0, 0.02], ArrowUp: [0, -0.02] };
        if (!(event.key in steps)) return;
        event.preventDefault();
        at = at.map((share, axis) => Math.min(Math.max(share + steps[event.key][axis], 0), 0.999));
        tell();
      });
    }
  }

  addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });
  addEventListener("scroll", hide, { passive: true });

  // Contents: open where there is room beside the text; the section being read is marked.
  const wide = matchMedia("(min-width: 72rem)");
  const contents = document.querySelector("nav details");
  const fit = () => { contents.open = wide.matches; };
  wide.addEventListener("change", fit);
  fit();
  const links = new Map([...contents.querySelectorAll("a")].map((link) => [link.hash.slice(1), link]));
  const seen = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      const link = links.get(target.getAttribute("aria-labelledby"));
      if (isIntersecting) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }, { rootMargin: "-20% 0px -75% 0px" });
  for (const section of document.querySelectorAll("main > section")) seen.observe(section);

  addEventListener("beforeprint", hide);
})();
