// Who is here, as the server says: the names of people, not of tabs.

import { element, textOf } from "./dom.js";

const LONGEST_NAME = 50; // characters shown of it

/** The names in a frame {people: […]}; null for any other frame. */
export function peopleIn(data) {
  try {
    const { people } = JSON.parse(data) ?? {};
    return Array.isArray(people) ? people.map(String) : null;
  } catch {
    return null;
  }
}

/** Keeps `list`, an element, up to date; `own` is the name of this page's reader. */
export function showPeople(list, socket, own) {
  // A name has an element of its own, isolated: letters that are written from right to left, and
  // marks that turn the direction, do not reach the names beside it.
  const item = (name) =>
    element(
      "li",
      name === own ? "own" : "",
      element("bdi", "", ...textOf(name, LONGEST_NAME)),
      name === own ? " (you)" : "",
    );
  socket.addEventListener("received", ({ detail }) => {
    const people = peopleIn(detail.data);
    if (people) list.replaceChildren(...people.map(item));
  });
  // Without a connection nobody says who is here.
  socket.addEventListener("closed", () => list.replaceChildren());
}
