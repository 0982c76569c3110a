/** How threads find each other; see decode.ts [Note: threads]. */
import { Control } from "./structs";

/** Looks before a thread goes to sleep: between two tokens the next one is drawn, which is short. */
const LOOKS = 60_000;

export function waitForChange(control: Control, address: usize, old: i32): i32 {
  for (let look = 0; look < LOOKS; look++) {
    const now = atomic.load<i32>(address);
    if (now != old) return now;
  }
  const sleepers = changetype<usize>(control) + offsetof<Control>("sleepers");
  atomic.add<i32>(sleepers, 1);
  while (atomic.load<i32>(address) == old) atomic.wait<i32>(address, old, -1);
  atomic.sub<i32>(sleepers, 1);
  return atomic.load<i32>(address);
}

/** Waits until every thread is here. */
export function barrier(control: Control): void {
  const threads = control.threads;
  if (threads == 1) return;
  const passed = changetype<usize>(control) + offsetof<Control>("passed");
  const arrived = changetype<usize>(control) + offsetof<Control>("arrived");
  const old = atomic.load<i32>(passed);
  if (atomic.add<i32>(arrived, 1) == threads - 1) {
    atomic.store<i32>(arrived, 0);
    atomic.add<i32>(passed, 1);
    if (atomic.load<i32>(changetype<usize>(control), offsetof<Control>("sleepers")) > 0) {
      atomic.notify(passed, -1);
    }
  } else {
    waitForChange(control, passed, old);
  }
}

/** First of `count` things that a thread takes. */
export function shareFrom(count: i32, thread: i32, threads: i32): i32 {
  return (count * thread) / threads;
}
