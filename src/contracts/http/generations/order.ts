import { z } from 'zod'
import { maxCreditsField } from './plan.ts'

const priorityField = z.int().min(1).max(5).optional()

const PLAN =
  'A plan, as `GET /v1/generations/schema` describes it: jobs, and what they are made of.'

/** Runs on every server. */
const EXAMPLE = {
  jobs: [
    {
      id: 'card',
      type: 'generateImage',
      params: { model: 'local/card', provider: 'local', prompt: 'Good morning' },
    },
    {
      id: 'film',
      type: 'generate',
      params: {
        model: 'local/pan-zoom',
        provider: 'local',
        image: '_imageJobDependency:card',
        duration: 5,
      },
    },
  ],
}

/** A plan and how it is ordered. The plan is judged as a whole, so that all that is wrong is said. */
export const generationOrder = z
  .looseObject({ priority: priorityField })
  .meta({ description: PLAN, examples: [EXAMPLE] })

/** An order that changes an earlier plan. */
export const generationFork = z
  .strictObject({
    plan: z
      .looseObject({})
      .optional()
      .meta({ description: `${PLAN} Instead of the one before.` }),
    changes: z.record(z.string().max(200), z.looseObject({}).nullable()).optional().meta({
      description:
        'By the ids of jobs: fields to replace (those of `params` one by one), or null for a job that goes. A new id is a new job.',
    }),
    from: z
      .union([z.string().max(200), z.array(z.string().max(200)).max(1_000)])
      .optional()
      .meta({ description: 'Jobs that are made anew although nothing about them has changed.' }),
    maxCredits: maxCreditsField.optional(),
    dryRun: z
      .boolean()
      .default(false)
      .meta({ description: 'Only says what it would cost, and what it would keep.' }),
    priority: priorityField,
  })
  .refine(({ plan, changes }) => plan === undefined || changes === undefined, {
    path: ['changes'],
    error: 'cannot stand beside a plan',
    params: { fix: 'Give one of the two.' },
  })
