import { z } from 'zod'
import { orderAccepted } from '../orders.ts'

const range = { lowerCredits: z.int(), upperCredits: z.int() }

/** What a plan will cost: between what it costs if all goes well, and whatever comes. */
export const planEstimate = z
  .object({ ...range, jobs: z.array(z.object({ jobId: z.string(), ...range })).readonly() })
  .meta({ id: 'PlanEstimate' })

export const planFinding = z
  .object({
    rule: z.string(),
    severity: z.enum(['error', 'warning']),
    jobId: z.string().nullable(),
    path: z.string(),
    message: z.string(),
    fix: z.string(),
  })
  .meta({ id: 'PlanFinding' })

export const generationAccepted = orderAccepted.extend({
  estimate: planEstimate,
  findings: z
    .array(planFinding)
    .readonly()
    .meta({ description: 'Warnings; with an error nothing is taken.' }),
  reusedJobs: z.array(z.string()).readonly().meta({
    description: 'Jobs that a changed plan keeps from the one before; they cost nothing.',
  }),
})

/** What a changed plan would cost, and what it would keep. */
export const generationPreview = generationAccepted
  .pick({ estimate: true, findings: true, reusedJobs: true })
  .extend({ dryRun: z.literal(true) })
