/** The newer dialect of the same service: jobs made of tasks, times in milliseconds. */

import { z } from 'zod'
import { TASK_KINDS } from '../../../domain/task-kinds.ts'
import { failureField } from '../fields.ts'

export const jobIdField = z
  .templateLiteral(['job_', z.string().regex(/^[0-9A-Za-z]{8,64}$/)])
  .meta({ description: 'An id that begins with `job_`.' })

const statusField = z.enum(['queued', 'processing', 'succeeded', 'failed', 'cancelled'])
const momentField = z.int().meta({ description: 'Milliseconds since 1970.' })

const times = {
  created_at: momentField,
  started_at: momentField.nullable(),
  finished_at: momentField.nullable(),
  updated_at: momentField,
}

const jobTask = z.object({
  id: z.string(),
  object: z.literal('task'),
  kind: z.enum(TASK_KINDS),
  input: z.object({ object: z.enum(['external_file', 'media']), url: z.string() }),
  options: z.record(z.string(), z.unknown()),
  output: z
    .object({
      object: z.literal('file'),
      kind: z.string(),
      url: z.string(),
      format: z.string(),
      width: z.int().nullable(),
      height: z.int().nullable(),
      duration: z.number().nullable(),
    })
    .nullable(),
  status: statusField,
  progress: z.number(),
  error: failureField.nullable(),
  ...times,
})

export const job = z
  .object({
    id: jobIdField,
    object: z.literal('job'),
    kind: z.enum(TASK_KINDS),
    input: z.string(),
    output: z.string().nullable().meta({ description: 'The URL of what was made.' }),
    options: z.record(z.string(), z.unknown()),
    metadata: z.record(z.string(), z.unknown()),
    status: statusField,
    error: failureField.nullable(),
    tasks: z.array(jobTask),
    ...times,
  })
  .meta({ id: 'Job' })
export type JobAnswer = z.infer<typeof job>
