/**
 * A list that stays quick however much arrives: it keeps the newest entries, draws what has come
 * in once per screen refresh, and follows the end only while the reader is there.
 */
export class BoundedLog {
  /**
   * @param scroller the element that scrolls and holds the <ol>
   * @param limit how many entries stay
   * @param onDraw called after each drawing with {shown, dropped}
   */
  constructor(scroller, limit, onDraw) {
    this.scroller = scroller;
    this.list = scroller.querySelector("ol");
    this.limit = limit;
    this.onDraw = onDraw;
    this.waiting = [];
    this.dropped = 0;
    this.atEnd = true;
    scroller.addEventListener("scroll", () => {
      this.atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 4;
    });
    new ResizeObserver(() => this.follow()).observe(scroller);
  }

  /** `makeItem` returns the <li>. It is not called for an entry that is dropped before it is drawn. */
  add(makeItem) {
    this.waiting.push(makeItem);
    if (this.waiting.length > this.limit) {
      this.waiting.shift();
      this.dropped += 1;
    }
    this.drawing ??= requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.drawing = null;
    this.list.append(...this.waiting.map((makeItem) => makeItem()));
    this.waiting = [];
    while (this.list.childElementCount > this.limit) {
      this.list.firstElementChild.remove();
      this.dropped += 1;
    }
    this.follow();
    this.onDraw({ shown: this.list.childElementCount, dropped: this.dropped });
  }

  follow() {
    if (this.atEnd) this.scroller.scrollTop = this.scroller.scrollHeight;
  }
}
