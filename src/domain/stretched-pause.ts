/** Up to here nobody has to be sparing with a history; Temporal ends a workflow at 51,200 events. */
const EVENTS_FREE = 5_000

/** A pause between two looks at something that takes its time. The longer the history of the workflow is
 * already, the longer the pause, so that what waits for hours, or hundreds of jobs that do, do not fill it. */
export const stretchedMs = (pauseMs: number, historyEvents: number): number =>
  pauseMs * Math.max(1, historyEvents / EVENTS_FREE) ** 2
