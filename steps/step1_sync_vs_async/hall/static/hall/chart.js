// When each of the eight asked and was answered: one bar for each, growing while it waits.

export class Chart {
  /** `span`: how many seconds are as wide as the chart. */
  constructor(list, span) {
    this.span = span;
    this.rows = [];
    for (let browser = 1; browser <= 8; browser += 1) {
      const row = document.createElement("li");
      const bar = document.createElement("span");
      const label = document.createElement("span");
      bar.className = "bar";
      label.className = "label";
      row.append(bar, label);
      list.append(row);
      this.rows.push({ row, bar, label });
    }
  }

  begin(start) {
    this.start = start;
    for (const { row, label } of this.rows) {
      row.className = "waiting";
      label.textContent = "";
    }
    this.draw();
  }

  draw() {
    const seconds = (performance.now() - this.start) / 1000;
    for (const { row, bar } of this.rows) if (row.className === "waiting") this.size(bar, seconds);
    this.frame = requestAnimationFrame(() => this.draw());
  }

  size(bar, seconds) {
    bar.style.setProperty("--share", Math.min(1, seconds / this.span));
  }

  answered({ browser, move, seconds, error }) {
    const { row, bar, label } = this.rows[browser - 1];
    row.className = error ? "failed" : "answered";
    label.textContent = error ? "no answer" : `${move}  ${seconds.toFixed(1)} s`;
    this.size(bar, seconds);
  }

  end() {
    cancelAnimationFrame(this.frame);
  }
}
