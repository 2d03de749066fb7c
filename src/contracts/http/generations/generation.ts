import { z } from 'zod'
import { JOB_WAITS, OUTCOME_DECISIONS } from '../../../domain/generation/model-order.ts'
import { JOB_MEDIA, OPERATIONS, type Operation } from '../../../domain/generation/operations.ts'
import { EXECUTION_STATUSES, STEP_STATUSES } from '../../../domain/statuses.ts'
import { failureField, idField, optionalTimeField, timeField } from '../fields.ts'

const jobIdField = z.string().regex(/^[\w-]{1,64}$/)
const creditsField = z.int().min(0)

/** What a job has made, as it was measured. */
const jobResult = z
  .object({
    media: z.enum(JOB_MEDIA),
    url: z.string(),
    contentType: z.string(),
    sizeBytes: z.int(),
    durationSeconds: z.number().nullable(),
    widthPx: z.int().nullable(),
    heightPx: z.int().nullable(),
    frameRate: z.number().nullable(),
  })
  .meta({ id: 'JobResult' })
export type JobResultAnswer = z.infer<typeof jobResult>

const generationJob = z
  .object({
    id: z.string(),
    operation: z.enum(Object.keys(OPERATIONS) as [Operation, ...Operation[]]),
    parentId: z
      .string()
      .nullable()
      .meta({ description: 'The job that added it to the plan; null: it was ordered.' }),
    status: z.enum(STEP_STATUSES),
    attempts: z.int(),
    model: z.string().nullable().meta({ description: 'That makes it, or has made it.' }),
    provider: z.string().nullable(),
    providerJobId: z.string().nullable(),
    waitingFor: z.enum(JOB_WAITS).nullable(),
    cacheHit: z.boolean().meta({ description: 'It was made before, and cost nothing.' }),
    credits: creditsField.meta({
      description:
        'Of what was delivered; until then the most that it may cost, and none for what came to nothing.',
    }),
    startedAt: optionalTimeField,
    finishedAt: optionalTimeField,
    error: failureField.nullable(),
    result: jobResult.nullable(),
  })
  .meta({ id: 'GenerationJob' })
export type GenerationJobAnswer = z.infer<typeof generationJob>

export const generation = z
  .object({
    id: idField('execution'),
    workflowId: z.string(),
    status: z.enum(EXECUTION_STATUSES),
    error: failureField.extend({ step: z.string().nullable() }).nullable(),
    completed: z.int().meta({ description: 'Jobs that are done.' }),
    total: z.int(),
    currentOperation: z
      .string()
      .nullable()
      .meta({ description: 'In words, such as "making an image"; null: nothing is in work.' }),
    waitingFor: z.enum(JOB_WAITS).nullable(),
    maxCredits: creditsField.nullable(),
    baseExecutionId: idField('execution').nullable(),
    credits: z.object({ held: z.int(), captured: z.int(), refunded: z.int() }),
    jobs: z.array(generationJob),
    result: jobResult
      .nullable()
      .meta({ description: 'What the plan is for: of its results the last video, or the last.' }),
    temporalUrl: z.string(),
    createdAt: timeField,
    finishedAt: optionalTimeField,
  })
  .meta({ id: 'Generation' })
export type GenerationAnswer = z.infer<typeof generation>

export const newLimit = z.strictObject({ maxCredits: creditsField })

export const limitAccepted = z.object({ executionId: idField('execution'), maxCredits: z.int() })

export const generationJobParams = z.object({ id: idField('execution'), jobId: jobIdField })

/** What becomes of an order that the provider may or may not have taken. */
export const newDecision = z
  .strictObject({
    decision: z.enum(OUTCOME_DECISIONS).meta({
      description:
        '`repeat`: order again. `abandon`: the job fails. `found`: the provider has it, under `providerJobId`.',
    }),
    providerJobId: z.string().min(1).max(200).optional(),
  })
  .refine(
    ({ decision, providerJobId }) => (decision === 'found') === (providerJobId !== undefined),
    {
      path: ['providerJobId'],
      error: 'is needed for found, and for nothing else',
    },
  )

export const decisionAccepted = z.object({ executionId: idField('execution'), jobId: z.string() })
