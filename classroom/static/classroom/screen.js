// The projector's screen.

import { byId, connect, drawPoll, setClock, whenChanged } from "./connection.js";

const showPoll = whenChanged((poll) => drawPoll({ poll }));

connect("/ws/screen/", {
  screen_state(state) {
    setClock(state);
    byId("seats").textContent = state.seats === 1 ? "1 seat is taken" : `${state.seats} seats are taken`;
    byId("exercise").hidden = !state.step;
    byId("exercise-title").textContent = state.title;
    byId("part").value = state.part;
    byId("done-count").textContent = `${state.done} of ${state.seats} have passed`;
    showPoll(state.poll);
    byId("shown").hidden = !state.shown;
    byId("shown-sentence").textContent = state.shown?.sentence ?? "";
    byId("shown-slide").textContent = state.shown?.slide ? `Slide: ${state.shown.slide}` : "";
  },
});
