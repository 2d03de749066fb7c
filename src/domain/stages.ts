import { STEP_OF_ACTIVITY } from './steps.ts'

/** Where several activities make up a step, or a step has a name for each language or job. */
const OWN_STAGES: Readonly<Record<string, string>> = {
  watchFaces: 'faces',
  cutClip: 'cut',
  publishClip: 'publish',
  translateSubtitles: 'translate',
  submitModelJob: 'job',
  collectModelJob: 'job',
  makeMedia: 'job',
  encodeLadderPart: 'ladder',
  encodeLadderSound: 'ladder',
}

/** The stage of the work that an activity is, for operators: a few words for all executions together.
 * Null for what is none (money, alerts, questions to providers, single tasks). */
export const stageOfActivity = (activity: string): string | null => {
  const own = OWN_STAGES[activity]
  if (own !== undefined) return own
  const step = STEP_OF_ACTIVITY[activity]?.step
  return typeof step === 'string' ? step : null
}
