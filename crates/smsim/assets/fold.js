// Everything that the page shows is folded from records, one at a time: state = records.reduce(step, init(world)).
//
// `step` changes the state that it is given and returns it; whoever wants an earlier state folds again from `init`.

import { changeStep } from "./fold_change.js";
import { conversationStep } from "./fold_conversation.js";
import { exchangeStep } from "./fold_exchange.js";
import { init } from "./fold_state.js";
import { textStep } from "./fold_text.js";

/** Takes one record. */
export function step(state, record) {
  state.next = record.seq + 1;
  state.at = record.at;
  state.count += 1;
  textStep(state, record);
  exchangeStep(state, record);
  conversationStep(state, record);
  changeStep(state, record);
  if (record.event === "decision") state.lastDecision = record;
  return state;
}

/** The state of a list of records. */
export const fold = (world, records) => records.reduce(step, init(world));
