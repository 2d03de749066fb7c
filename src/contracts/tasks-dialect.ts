/** The parts of the tasks dialect that both sides of it read: our API's answers and any renderer's. */

import { z } from 'zod'
import { isFailureCode, type FailureCode } from '../domain/failures.ts'

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
  error: z.object({ code: z.string() }).loose().nullish(),
  /** ISO-8601; the last sign of life. */
  updated_at: z.string().nullish(),
  started_at: z.string().nullish(),
  finished_at: z.string().nullish(),
})

export type RemoteTaskAnswer = z.output<typeof remoteTaskSchema>

/** The failure of a task, as its renderer names it: our own code where it is one. */
export const failureOfTask = (task: RemoteTaskAnswer): FailureCode => {
  const code = task.error?.code
  if (isFailureCode(code) && code !== 'CANCELED' && code !== 'INTERNAL') return code
  return 'RENDERER_FAILED'
}
