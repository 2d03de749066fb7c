import { z } from 'zod'

const RENDITIONS_MAX = 8

/** The rungs of a ladder, as orders of streams and tasks name them. */
export const renditionsField = z
  .union([z.literal('auto'), z.array(z.int().min(144).max(2160)).min(1).max(RENDITIONS_MAX)])
  .default('auto')
  .meta({
    description:
      'Lengths of the short side in pixels; none is made above the source. `auto`: 1080, 720, 480 and 360.',
  })
