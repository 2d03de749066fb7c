import { PIPELINES } from './steps.ts'

/** How an execution ends, in the names of events. */
const EVENT_ENDINGS = ['completed', 'partial', 'failed', 'canceled'] as const
export type EventEnding = (typeof EVENT_ENDINGS)[number]

/** Everything that an endpoint can ask to be told of: `<pipeline>.<ending>`, and how tasks ended. */
export const EVENT_TYPES = [
  ...PIPELINES.flatMap((pipeline) =>
    EVENT_ENDINGS.map((ending) => `${pipeline}.${ending}` as const),
  ),
  'job.succeeded',
  'job.failed',
] as const
