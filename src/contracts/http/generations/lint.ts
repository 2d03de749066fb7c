import { z } from 'zod'
import { planEstimate, planFinding } from './accepted.ts'

/** What is to be said about a plan before it runs. */
export const planLint = z.object({
  ok: z.boolean().meta({ description: 'Without errors: it would be taken.' }),
  findings: z.array(planFinding),
  estimate: planEstimate.nullable().meta({
    description: 'Of what could be read; null: there is nothing to be priced.',
  }),
})
