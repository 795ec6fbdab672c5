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
    this.following = true;
    this.top = 0;
    scroller.addEventListener("scroll", () => this.heedReader());
    // Both grow and shrink on their own, too: the window is resized, a font arrives late.
    const resized = new ResizeObserver(() => this.follow());
    resized.observe(scroller);
    resized.observe(this.list);
  }

  /** Going up from the end stops the following, coming back to it starts it again. */
  heedReader() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    if (scrollHeight - scrollTop - clientHeight < 4) this.following = true;
    else if (scrollTop < this.top) this.following = false;
    this.top = scrollTop;
  }

  /** `makeItem` returns the <li>; it is not called for an entry that is dropped undrawn. */
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
    if (this.following) this.scroller.scrollTop = this.scroller.scrollHeight;
  }
}
