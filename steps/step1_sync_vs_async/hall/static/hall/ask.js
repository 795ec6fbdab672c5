// Eight requests at once, really: a browser opens at most six connections to one name, and the
// heartbeat takes one of them. 127.0.0.1 and localhost are two names of the same server.

const OTHER = { "127.0.0.1": "localhost", localhost: "127.0.0.1" }[location.hostname];

function address(view, browser) {
  const name = browser > 3 ? OTHER : location.hostname;
  return `${location.protocol}//${name}:${location.port}/${view}/?browser=${browser}`;
}

async function ask(view, browser, start) {
  const answer = { browser };
  try {
    const response = await fetch(address(view, browser), { cache: "no-store" });
    if (response.ok) Object.assign(answer, await response.json());
    else answer.error = `HTTP status ${response.status}: look at the server’s terminal`;
  } catch {
    answer.error = "no connection: is the server running?";
  }
  answer.seconds = (performance.now() - start) / 1000;
  return answer;
}

/** Asks `view` eight times; calls `onAnswer` with each answer and returns them all. */
export function askEight(view, onAnswer) {
  const start = performance.now();
  const browsers = [1, 2, 3, 4, 5, 6, 7, 8];
  return Promise.all(browsers.map(async (browser) => {
    const answer = await ask(view, browser, start);
    onAnswer(answer);
    return answer;
  }));
}
