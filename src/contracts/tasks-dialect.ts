/** The parts of the tasks dialect that both sides of it read: our API's answers and any renderer's. */

import { z } from 'zod'
import { isFailureCode, type FailureCode } from '../domain/failures.ts'

/** As ISO-8601, or in milliseconds as jobs have it; a text in any case. */
const momentField = z
  .union([z.string(), z.number().transform((timeMs) => new Date(timeMs).toISOString())])
  .nullish()

/** What a `POST /v1/tasks` or `GET /v1/tasks/:id` answers, as far as a caller depends on it. Other
 * speakers of the dialect say `succeeded` for `completed` and `cancelled` for `canceled`. */
export const remoteTaskSchema = z.object({
  id: z.string().min(1).max(200),
  status: z
    .enum(['queued', 'processing', 'completed', 'succeeded', 'failed', 'canceled', 'cancelled'])
    .transform((status) => {
      if (status === 'succeeded') return 'completed' as const
      return status === 'cancelled' ? ('canceled' as const) : status
    }),
  progress: z.number().nullish(),
  output: z
    .union([z.string(), z.object({ url: z.string() })])
    .nullish()
    .transform((output) => (typeof output === 'object' ? (output?.url ?? null) : (output ?? null))),
  error: z
    .union([z.looseObject({ code: z.string() }), z.unknown().transform(() => null)])
    .nullish(),
  /** The last sign of life. */
  updated_at: momentField,
  started_at: momentField,
  finished_at: momentField,
})

export type RemoteTaskAnswer = z.output<typeof remoteTaskSchema>

/** What is wrong with the input is so wherever the task is done. All else that went wrong there is the
 * other's own: their account, their limits, their way to our files. */
const OF_THE_INPUT = /^(MEDIA_|SUBTITLES_|LANGUAGE_)/

/** The failure of a task, as its renderer names it: our own code where it says something of the input. */
export const failureOfTask = (task: RemoteTaskAnswer): FailureCode => {
  const code = task.error?.code
  return isFailureCode(code) && OF_THE_INPUT.test(code) ? code : 'RENDERER_FAILED'
}

/** The words by which providers say in a webhook how a job is: our own, those of jobs, and of events. */
const providerNews = z.looseObject({
  type: z.string().max(100).nullish(),
  kind: z.string().max(100).nullish(),
  status: z.string().max(100).nullish(),
  progress: z.number().min(0).max(100).nullish(),
})

/** What a provider's webhook says, in whichever of its forms: `ended` (well or not: it will be asked), or
 * how far it is. Null: nothing that is acted upon. Its outputs and ids are never taken from here. */
export const readProviderNews = (
  body: unknown,
): { readonly ended: true } | { readonly ended: false; readonly progress: number } | null => {
  const parsed = providerNews.safeParse(body)
  if (!parsed.success) return null
  const { type, kind, status, progress } = parsed.data
  const isEnding = [type, kind, status].some((word) =>
    /(^|\.)(succeeded|completed|failed|cancell?ed)$/.test(word ?? ''),
  )
  if (isEnding) return { ended: true }
  return typeof progress === 'number' ? { ended: false, progress } : null
}
