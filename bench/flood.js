/**
 * Changes flat out. Where each must be acknowledged, an endpoint changes again when its last one was: one confirmable
 * message at a time is under way to a peer (RFC 7252 §4.7), and what only replaces an unsent value must not be counted.
 */

const AT_ONCE = 64;

/** `change(one, value, confirmable)` for each of `all` in turn; `acknowledged(one)` says that it may change again. */
export function flooding(all, change) {
  const ready = [];
  /** Goes on with the flood that waits for an acknowledgement: turning over idly would count as cost. */
  let goOn;
  let made = 0;
  const batch = (confirmable) =>
    confirmable
      ? ready.splice(0, AT_ONCE)
      : Array.from({ length: AT_ONCE }, (_, index) => all[(made + index) % all.length]);
  return {
    acknowledged: (one) => {
      ready.push(one);
      if (goOn) setImmediate(goOn);
      goOn = undefined;
    },
    flood: ({ ms, confirmable }) =>
      new Promise((resolve) => {
        ready.splice(0, ready.length, ...(confirmable ? all : []));
        const end = performance.now() + ms;
        const turn = () => {
          // No endpoint makes the same value twice in a row.
          for (const one of batch(confirmable)) change(one, (made++ % 9_973) / 10, confirmable);
          if (performance.now() >= end) resolve();
          else if (confirmable && ready.length === 0) goOn = turn;
          else setImmediate(turn);
        };
        turn();
        // Should every acknowledgement be lost.
        setTimeout(resolve, ms + 500);
      }),
  };
}
