/** The tasks dialect: snake_case, as code written for the Ittybit tasks API expects it. */

import { z } from 'zod'
import { TASK_STATUSES } from '../../../domain/statuses.ts'
import { TASK_KINDS } from '../../../domain/task-kinds.ts'
import { failureField, idField, optionalTimeField, pageQuery, timeField } from '../fields.ts'

const taskOutput = z.object({
  object: z.literal('file'),
  kind: z.enum(['video', 'audio', 'image', 'text']),
  url: z.string(),
  content_type: z.string(),
  filesize: z.int(),
  width: z.int().nullable(),
  height: z.int().nullable(),
  duration: z.number().nullable(),
  files: z
    .array(z.object({ name: z.string(), url: z.string(), content_type: z.string() }))
    .optional()
    .meta({ description: 'The files beside the first one, where there are some.' }),
})

export const task = z
  .object({
    id: idField('task'),
    object: z.literal('task'),
    kind: z.enum(TASK_KINDS),
    status: z.enum(TASK_STATUSES),
    input: z.string(),
    options: z.record(z.string(), z.unknown()),
    metadata: z.record(z.string(), z.unknown()),
    webhook_url: z.string().nullable(),
    priority: z.int(),
    progress: z.number().min(0).max(100),
    output: taskOutput.nullable(),
    error: failureField.nullable(),
    created_at: timeField,
    started_at: optionalTimeField,
    finished_at: optionalTimeField,
    updated_at: timeField.meta({ description: 'The last sign of life of whoever works on it.' }),
  })
  .meta({ id: 'Task' })
export type TaskAnswer = z.infer<typeof task>

export const taskPage = z.object({ tasks: z.array(task), next_cursor: z.string().nullable() })
export const taskQuery = pageQuery.extend({
  status: z.enum(TASK_STATUSES).optional(),
})
