// The lobby: a room's name, checked, becomes the room's address.

const LONGEST = 50; // a channel layer takes less than 100 characters for a group, prefix included
const OTHERS = /[^-A-Za-z0-9_]/gu; // what neither the routes nor a group's name take

/** What is wrong with a room's name, or an empty string. */
export function problemWith(name) {
  if (name === "") return "A room needs a name: type one, for example lobby.";
  const others = [...new Set(name.match(OTHERS))];
  if (others.length) {
    const seen = others.slice(0, 3).map((c) => (c === " " ? "a space" : `“${c}”`));
    const list = new Intl.ListFormat("en").format(seen);
    const plain = name.normalize("NFKD").replace(/\p{Mark}/gu, ""); // é is e with a mark
    const near = plain.replace(/[^-A-Za-z0-9_]+/gu, "-").replace(/^-+|-+$/g, "");
    const advice = near ? ` Try ${near}.` : "";
    return `A room’s name takes letters a to z, digits, hyphens and underscores; this has ${list}.${advice}`;
  }
  if (name.length > LONGEST)
    return `This name has ${name.length} characters; please use at most ${LONGEST}.`;
  return "";
}

const form = document.getElementById("choose");
const input = document.getElementById("name");
const problem = document.getElementById("problem");

function check() {
  problem.textContent = problemWith(input.value.trim());
  input.setAttribute("aria-invalid", problem.textContent !== "");
  return problem.textContent === "";
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  // "../" where the address was refused: then this page is one level below the chat's.
  const chat = form.getAttribute("action");
  if (check()) location.assign(`${chat}${encodeURIComponent(input.value.trim())}/`);
  else input.focus();
});

input.addEventListener("input", () => {
  problem.textContent = "";
  input.removeAttribute("aria-invalid");
});

if (input.value) check(); // the name in the address, which the server refused
