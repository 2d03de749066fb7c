import { z } from 'zod'
import { PLANS } from '../../domain/plans.ts'
import { idField, lineField, timeField } from './fields.ts'

const CREDITS_MAX = 1_000_000_000

export const newAccount = z.strictObject({
  name: lineField(200).min(1),
  plan: z.enum(PLANS).default('free'),
  email: z.email().nullable().default(null),
})

export const accountCreated = z.object({
  id: idField('account'),
  name: z.string(),
  plan: z.enum(PLANS),
  email: z.string().nullable(),
  createdAt: timeField,
})

export const newTopUp = z.strictObject({
  amountCredits: z.int().min(1).max(CREDITS_MAX),
  reference: z
    .string()
    .regex(/^[\w.:-]{1,100}$/)
    .meta({ description: 'Of the payment. The same reference counts once.' }),
})

export const topUpDone = z.object({
  accountId: idField('account'),
  amountCredits: z.int(),
  reference: z.string(),
  credits: z.object({ available: z.int(), held: z.int() }),
})

export const newRefund = z.strictObject({
  executionId: idField('execution'),
  amountCredits: z.int().min(1).max(CREDITS_MAX).optional(),
  note: lineField(500).default(''),
})

export const refundDone = z.object({
  accountId: idField('account'),
  executionId: idField('execution'),
  amountCredits: z.int().meta({ description: 'Refunded by this call.' }),
  credits: z.object({ available: z.int(), held: z.int() }),
})

export const newApiKey = z.strictObject({ name: lineField(200).default('') })

export const apiKeyCreated = z.object({
  id: idField('apiKey'),
  accountId: idField('account'),
  name: z.string(),
  key: z
    .string()
    .nullable()
    .meta({ description: 'Shown this once, as only its hash is kept: null when repeated.' }),
  createdAt: timeField,
})
