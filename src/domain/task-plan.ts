/** What an ordered task comes to once its input is known. Pure decisions. */

import { MediaError } from './failures.ts'
import type { MediaKind, MediaNeed } from './media-judgement.ts'
import type { Plan } from './plans.ts'
import { taskPriceCredits } from './pricing.ts'
import { taskWorkOf, type TaskKind, type TaskNeed } from './task-kinds.ts'
import { workedSeconds } from './task-span.ts'

interface OrderedTask {
  readonly kind: TaskKind
  readonly options: Readonly<Record<string, unknown>>
}

/**
 * What is really to be done, and what the account pays for it. *Errors:* MEDIA_RANGE_EMPTY for a part
 * that the input does not have.
 */
export const planTask = (
  { kind, options }: OrderedTask,
  plan: Plan,
  durationSeconds: number,
): { readonly work: TaskKind; readonly amountCredits: number } => {
  const work = taskWorkOf(kind, options)
  const spanSeconds = workedSeconds(options, durationSeconds)
  return { work, amountCredits: taskPriceCredits(plan, work, spanSeconds) }
}

/** Words that are not written down have to be heard. */
export const mediaNeed = (need: TaskNeed): MediaNeed => (need === 'words' ? 'audio' : need)

/** Refuses a medium that lacks what is needed. *Errors:* MEDIA_NO_AUDIO, MEDIA_NO_VIDEO. */
export const refuseLack = (
  medium: {
    readonly id: string
    readonly kind: MediaKind
    readonly streams: readonly { readonly kind: string }[]
  },
  need: MediaNeed,
): void => {
  const { id, kind, streams } = medium
  if (need === 'audio' && !streams.some((stream) => stream.kind === 'audio')) {
    throw new MediaError('MEDIA_NO_AUDIO', `${id} has no audio stream`)
  }
  if ((need === 'video' && kind !== 'video') || (need === 'pictures' && kind === 'audio')) {
    throw new MediaError('MEDIA_NO_VIDEO', `${id} has no ${need}`)
  }
}
