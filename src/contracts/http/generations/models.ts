import { z } from 'zod'
import { JOB_MEDIA } from '../../../domain/generation/operations.ts'

const count = z.int()

const paramRule = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('text'), lengthMax: count }),
  z.object({
    kind: z.literal('file'),
    media: z.array(z.enum(JOB_MEDIA)),
    durationSecondsMax: z.number().optional(),
  }),
  z.object({ kind: z.literal('files'), countMax: count }),
  z.object({
    kind: z.literal('choice'),
    of: z.array(z.union([z.string(), z.number()])),
    default: z.union([z.string(), z.number()]).nullable(),
  }),
  z.object({
    kind: z.literal('number'),
    min: z.number(),
    max: z.number(),
    whole: z.boolean(),
    default: z.number().nullable(),
  }),
  z.object({ kind: z.literal('flag') }),
  z.object({ kind: z.literal('schema') }),
])

const modelPrice = z.union([
  z.object({
    per: z.enum(['call', 'image', 'output second', 'input second', '1000 characters']),
    microUsd: count.meta({ description: 'Millionths of a dollar, as the provider publishes it.' }),
    by: z
      .object({ param: z.string(), microUsd: z.record(z.string(), count) })
      .optional()
      .meta({ description: 'Where it depends on a parameter; the other is of its default.' }),
    pricedOn: z.string(),
  }),
  z.object({ task: z.string().meta({ description: 'Costs what this task costs.' }) }),
])

export const plannableModel = z
  .object({
    model: z.string(),
    operation: z.string(),
    makes: z.enum([...JOB_MEDIA, 'input']),
    summary: z.string(),
    params: z.record(z.string(), paramRule),
    needs: z.array(z.array(z.string())).meta({ description: 'Of each list one has to be given.' }),
    providers: z.array(
      z.object({
        provider: z.string(),
        usable: z.boolean(),
        missingSetting: z.string().nullable(),
        price: modelPrice,
      }),
    ),
    fallbacks: z.array(z.object({ model: z.string(), provider: z.string() })),
    usable: z.boolean().meta({ description: 'At one of its providers at least.' }),
  })
  .meta({ id: 'PlannableModel' })
export type PlannableModel = z.input<typeof plannableModel>

export const modelList = z.object({
  creditMicroUsd: count.meta({ description: 'What a credit is worth in these prices.' }),
  models: z.array(plannableModel),
})
