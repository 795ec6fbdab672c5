// Each tab has a name, so that two tabs can be told apart. Only a page with a history tells the server.

const NAMES = ["Ana", "Ben", "Cleo", "Dev", "Eva", "Femi", "Gia", "Hugo", "Ines", "Jun"];
const KEY = "tab-name";

/** The tab's name, kept until the tab is closed. `onChange` is told of every change. */
export class TabName {
  constructor(onChange) {
    this.onChange = onChange;
    this.id = Math.random();
    // Two servers on neighboring ports are two origins that share nothing. Starting at the port's
    // last digit makes the first tab Ana on port 8000 and Ben on port 8001.
    this.next = Number(location.port) % NAMES.length;
    this.channel = new BroadcastChannel(KEY);
    this.channel.addEventListener("message", ({ data }) => this.hear(data));
    const kept = sessionStorage.getItem(KEY);
    if (kept) this.claim(kept);
    else this.claimNext();
  }

  set(name) {
    this.value = name;
    sessionStorage.setItem(KEY, name);
    this.onChange(name);
  }

  claim(name) {
    this.set(name);
    this.channel.postMessage({ claims: name, id: this.id });
  }

  claimNext() {
    this.claim(NAMES[this.next++ % NAMES.length]);
  }

  /** A tab claims a name. The tab that already has that name says so, and the newcomer moves on. */
  hear({ claims, id, taken }) {
    if (claims === this.value) this.channel.postMessage({ taken: claims, id });
    if (taken === this.value && id === this.id && this.next < 2 * NAMES.length) this.claimNext();
  }
}

/**
 * A hue in degrees for a name: 190 to 345, from teal over blue to plum, far apart for neighbors
 * in the alphabet. Green, amber and red are left out: they tell the connection's state.
 */
export function hueOf(name) {
  const place = name.toUpperCase().codePointAt(0) - "A".codePointAt(0);
  return 190 + ((((50 + place * 90) % 155) + 155) % 155);
}
