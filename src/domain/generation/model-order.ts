/** One paid order of a model job, from before it is sent until its answer is kept. */

/**
 * - `submitting`: it is being sent; whoever finds it so cannot know whether the provider has it.
 * - `accepted`: the provider has it, under the handle.
 * - `answered`: what the model made is kept in our storage, and is to be collected.
 */
export const MODEL_ORDER_STATES = ['submitting', 'accepted', 'answered'] as const

/** What brings us back to a job at its provider. */
export interface ModelOrderHandle {
  readonly id: string
  readonly urls?: Readonly<Record<string, string>>
}

/** A provider's answer as it is kept: under storage keys, for it may be large. */
export type KeptAnswer =
  | { readonly kind: 'json'; readonly storageKey: string }
  | { readonly kind: 'file'; readonly storageKey: string; readonly contentType: string }

/** What an operator may decide of an order that the provider may or may not have taken. */
export const OUTCOME_DECISIONS = ['repeat', 'abandon', 'found'] as const
export type OutcomeDecision = (typeof OUTCOME_DECISIONS)[number]

/** What a job waits for that only somebody outside can give. */
export const JOB_WAITS = ['a higher limit', 'a decision'] as const
export type JobWait = (typeof JOB_WAITS)[number]

/** The name of one paid order of a job: under it webhooks come, and of it its reference is made. */
export const modelOrderName = (order: {
  readonly step: string
  /** Of the execution: 0, or the number of the retry. */
  readonly round: number
  /** Orders of this job in this round, from 1. */
  readonly number: number
}): string => {
  const { step, round, number } = order
  return round === 0 && number === 1 ? step : `${step} again ${round}.${number}`
}
