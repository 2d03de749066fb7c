import { z } from 'zod'

/** Every error of the API, whatever its status, as `application/problem+json`. */
export const problem = z
  .object({
    code: z.string().meta({ description: 'Stable; the one field to switch on.' }),
    title: z.string(),
    detail: z.string(),
    status: z.int(),
    requestId: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string(), fix: z.string() })),
  })
  .loose()
  .meta({ id: 'Problem' })
export type Problem = z.infer<typeof problem>
