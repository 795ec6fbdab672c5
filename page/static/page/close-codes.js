// What a WebSocket's close code says: RFC 6455, section 7.4, and what it means in this workshop.

const MEANINGS = {
  1000: "A normal close. If it came from the server, the consumer called self.close().",
  1001: "One side went away: the server is stopping, or the page was left.",
  1002: "A protocol error: one side sent something that is no WebSocket frame.",
  1003: "One side cannot take this kind of data, a binary frame for example.",
  1005: "The other side closed without giving a code.",
  1006: "No close frame came: the connection was cut.",
  1007: "A text frame held bytes that are not UTF-8.",
  1008: "One side found a message against its rules.",
  1009: "A message was too big for the side that received it.",
  1010: "The browser asked for an extension that the server did not offer.",
  1011: "The consumer raised an exception. The server’s terminal shows which.",
  1012: "The server is restarting.",
  1013: "The server is too busy: it asks to try later.",
  1014: "A proxy in between had a bad answer from the server behind it.",
  1015: "The encrypted connection (TLS) could not be set up.",
};

// Codes of the application's own that the steps of this workshop use.
const OWN = {
  4401: "You are logged out. The page goes on trying: log in again, in this tab or another.",
  4408: "The server closed it: this browser read too slowly. The page comes back for the rest.",
  4429: "The server closed it: too many frames at once came from this browser.",
};

const RANGES = [
  {
    from: 1000,
    to: 2999,
    meaning: "A code of the WebSocket protocol that this page does not know.",
  },
  { from: 3000, to: 3999, meaning: "A code of a library or framework (3000 to 3999)." },
  {
    from: 4000,
    to: 4999,
    meaning: "The application’s own code (4000 to 4999): look for it in the consumer.",
  },
];

/** The meaning of a close code on its own. */
export function meaningOf(code) {
  return (
    MEANINGS[code] ??
    OWN[code] ??
    RANGES.find(({ from, to }) => from <= code && code <= to)?.meaning ??
    "A code outside the ranges of RFC 6455."
  );
}

/**
 * What happened to a connection, and where to look.
 *
 * A browser must not tell a page why a connection failed: the code is 1006 whatever it was
 * (WebSockets Standard, "Feedback from the protocol"). So the rest is told from what the page saw:
 * whether the connection had been open, how many seconds that or the try lasted, which server still
 * answers over HTTP (null: none), and whether it sends this page's reader to the login page.
 */
export function explain({ code, wasOpen, seconds, server, mustLogIn }) {
  if (code !== 1006) return meaningOf(code);
  if (server === null) {
    return wasOpen
      ? "No close frame came, and the server no longer answers: it stopped or is restarting."
      : "The server does not answer: is it running?";
  }
  if (wasOpen) {
    return (
      "No close frame came, but the server answers: it was restarted, or it cut the connection, " +
      "as Daphne does when a message is larger than 1 MiB."
    );
  }
  // Daphne drops a handshake that the consumer has not answered after 5 s
  // (websocket_handshake_timeout in daphne/server.py).
  if (seconds > 3) return explainWaiting(server);
  if (server.startsWith("WSGIServer")) {
    return (
      "The server that answers is Django’s own, which speaks HTTP but no WebSocket. " +
      "Once it can, its first lines in the terminal say “Starting ASGI/Daphne”."
    );
  }
  if (mustLogIn) {
    return "The server refused to open a WebSocket: you are not logged in. Log in again.";
  }
  return "The server answers, but refused to open a WebSocket. Its terminal says why.";
}

/** What a handshake that takes long may be waiting for. */
export function explainWaiting(server) {
  return server === null
    ? "Nothing answers, neither WebSocket nor HTTP: something keeps the server busy, or it hangs."
    : "The handshake is not answered. Does connect() in the consumer call self.accept()?";
}
