import { z } from 'zod'
import { EXECUTION_STATUSES, STEP_STATUSES } from '../../domain/statuses.ts'
import { PIPELINES } from '../../domain/steps.ts'
import { failureField, idField, optionalTimeField, pageOf, pageQuery, timeField } from './fields.ts'

const executionStep = z.object({
  name: z.string(),
  status: z.enum(STEP_STATUSES),
  attempts: z.int(),
  progress: z.number().min(0).max(100).nullable(),
  startedAt: optionalTimeField,
  finishedAt: optionalTimeField,
  error: failureField.nullable(),
})

const executionHead = {
  id: idField('execution'),
  pipeline: z.enum(PIPELINES),
  subjectId: z.string().meta({ description: 'What it works on: the video of a render.' }),
  workflowId: z.string(),
  status: z.enum(EXECUTION_STATUSES),
  error: failureField.extend({ step: z.string().nullable() }).nullable(),
  temporalUrl: z.string(),
  createdAt: timeField,
  finishedAt: optionalTimeField,
}

export const execution = z
  .object({
    ...executionHead,
    completed: z.int().meta({ description: 'Steps that are done or had nothing to do.' }),
    total: z.int(),
    currentStep: z.string().nullable(),
    steps: z.array(executionStep),
    outputs: z.record(z.string(), z.string()).meta({ description: 'Names to signed URLs.' }),
    clipIds: z
      .array(idField('clip'))
      .optional()
      .meta({ description: 'Of an order of clips: those that are there, for `/v1/clips/:id`.' }),
    credits: z.object({ held: z.int(), captured: z.int(), refunded: z.int() }),
  })
  .meta({ id: 'Execution' })
export type ExecutionAnswer = z.infer<typeof execution>

const executionSummary = z.object(executionHead).meta({ id: 'ExecutionSummary' })
export const executionPage = pageOf('executions', executionSummary)

export const executionParams = z.object({ id: idField('execution') })

export const executionQuery = pageQuery.extend({
  status: z.enum(EXECUTION_STATUSES).optional(),
  pipeline: z.enum(PIPELINES).optional(),
  videoId: idField('video').optional(),
})

export const executionCommandAccepted = z.object({
  executionId: idField('execution'),
  status: z.enum(EXECUTION_STATUSES).meta({ description: 'As it was when the command was taken.' }),
})
