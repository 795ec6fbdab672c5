// The lobby: a room's name, checked, becomes the room's address.

const LONGEST = 50; // a channel layer takes less than 100 characters for a group, prefix included

/** What is wrong with a room's name, or an empty string. */
export function problemWith(name) {
  if (name === "") return "A room needs a name: type one, for example lobby.";
  const others = [...new Set(name.match(/[^A-Za-z0-9_]/gu))];
  if (others.length) {
    const seen = others.slice(0, 3).map((c) => (c === " " ? "a space" : `“${c}”`));
    const list = new Intl.ListFormat("en").format(seen);
    const near = name.replace(/[^A-Za-z0-9_]+/gu, "_");
    const advice = /[A-Za-z0-9]/.test(near) ? ` Try ${near}.` : "";
    return `A room’s name takes letters a to z, digits and underscores; this has ${list}.${advice}`;
  }
  if (name.length > LONGEST)
    return `This name has ${name.length} characters; please use at most ${LONGEST}.`;
  return "";
}

const form = document.getElementById("choose");
const input = document.getElementById("name");
const problem = document.getElementById("problem");

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const name = input.value.trim();
  problem.textContent = problemWith(name);
  input.setAttribute("aria-invalid", problem.textContent !== "");
  if (problem.textContent) input.focus();
  else location.assign(`${encodeURIComponent(name)}/`);
});

input.addEventListener("input", () => {
  problem.textContent = "";
  input.removeAttribute("aria-invalid");
});
