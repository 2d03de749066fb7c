/** The published plan dialect, on its own two routes. */

import { z } from 'zod'
import { EXECUTE_STATUSES } from '../../../domain/generation/execute-dialect.ts'
import { httpUrlField, idField, optionalTimeField, timeField } from '../fields.ts'

const statusField = z.enum(EXECUTE_STATUSES)

const secretField = z.string().min(1).max(1000)

/** Its client sends the address and the secret in one of two forms. */
const webhookField = z.union([
  httpUrlField,
  z.strictObject({ url: httpUrlField, secret: secretField.nullish() }),
])

export const executeOptions = z
  .strictObject({
    webhook: webhookField.nullish().meta({ description: 'Told of the end.' }),
    webhookSecret: secretField.nullish().meta({
      description: 'Signs the body of the webhook: HMAC-SHA256, in `X-Webhook-Signature`.',
    }),
    baseExecutionId: idField('execution').nullish(),
    providerApiKeys: z
      .record(z.string(), z.string())
      .nullish()
      .meta({ description: 'Refused: this server calls providers with its own keys.' }),
  })
  .transform(({ webhook, webhookSecret, ...options }) =>
    typeof webhook === 'object' && webhook !== null
      ? { ...options, webhook: webhook.url, webhookSecret: webhook.secret ?? webhookSecret }
      : { ...options, webhook, webhookSecret },
  )

export const executeAccepted = z.object({
  executionId: idField('execution'),
  status: z.literal('pending'),
  createdAt: timeField,
})

const executeResult = z.looseObject({ url: z.string(), status: statusField })

export const executeStatus = z
  .object({
    id: idField('execution'),
    status: statusField,
    jobs: z.array(
      z.object({
        id: z.string(),
        operation: z.string(),
        status: statusField,
        result: executeResult.nullable(),
        error: z.string().nullable(),
      }),
    ),
    result: executeResult.nullable(),
    error: z.string().nullable(),
    currentJob: z.string().nullable(),
    progress: z.number().min(0).max(100).meta({ description: 'Per cent of the jobs.' }),
    totalJobs: z.int(),
    completedJobs: z.int(),
    createdAt: timeField,
    completedAt: optionalTimeField,
  })
  .meta({ id: 'ExecuteStatus' })
export type ExecuteStatusAnswer = z.infer<typeof executeStatus>
