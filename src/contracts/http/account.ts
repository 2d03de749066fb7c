import { z } from 'zod'
import { PLANS } from '../../domain/plans.ts'
import { idField, pageOf, timeField } from './fields.ts'

export const account = z
  .object({
    id: idField('account'),
    name: z.string(),
    plan: z.enum(PLANS),
    credits: z.object({ available: z.int(), held: z.int() }),
    webhookSecret: z
      .string()
      .meta({ description: 'Verifies the webhooks of tasks that name their own `webhook_url`.' }),
    createdAt: timeField,
  })
  .meta({ id: 'Account' })

const ledgerEntry = z
  .object({
    id: z.string(),
    kind: z.enum(['top-up', 'capture', 'refund']),
    amountCredits: z.int().meta({ description: 'Positive: received. Negative: spent.' }),
    executionId: z.string().nullable().meta({ description: 'The execution or task it is for.' }),
    note: z.string(),
    createdAt: timeField,
  })
  .meta({ id: 'LedgerEntry' })

export const ledgerPage = pageOf('entries', ledgerEntry)
