/** Prices, in whole credits. One credit is one second of rendered video; a begun second counts. */

import { planTerms, type Plan } from './plans.ts'

/** The price of rendering a region of a song. Rounded first to the millisecond, so that the float
 * 14.500000000000002 does not cost what 15 s cost twice. */
export const renderPriceCredits = (startSeconds: number, endSeconds: number): number =>
  Math.max(1, Math.ceil(Math.round((endSeconds - startSeconds) * 1000) / 1000))

/** The price of a task ordered directly: nothing for plans that are not billed. */
export const taskPriceCredits = (plan: Plan, durationSeconds: number): number =>
  planTerms(plan).billed ? renderPriceCredits(0, durationSeconds) : 0
