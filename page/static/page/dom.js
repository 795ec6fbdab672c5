// Everything that comes over the wire enters the page through here, as text and never as HTML.

/** An element with a class and children; a string among them becomes a text node. */
export function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/** At most `limit` characters of `text`, and how many were left out. */
export function shorten(text, limit) {
  const characters = text.length <= limit ? text : [...text.slice(0, limit)].slice(0, -1).join("");
  return { start: characters, left: text.length - characters.length };
}

/** The text, cut where it would make the page slow, with a word on how much is missing. */
export function textOf(text, limit) {
  const { start, left } = shorten(text, limit);
  if (!left) return [start];
  return [start, element("em", "cut", ` … and ${left.toLocaleString("en")} more characters`)];
}

/** 14:03:09 */
export function clock(date = new Date()) {
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
}

/** 14:03:09.042 */
export function preciseClock(date = new Date()) {
  return `${clock(date)}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}
