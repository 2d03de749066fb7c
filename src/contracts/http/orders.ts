/** What orders of pipelines share. */

import { z } from 'zod'
import { httpUrlField, idField } from './fields.ts'

/** An order that was taken: its credits are held. */
export const orderAccepted = z.object({
  executionId: idField('execution'),
  workflowId: z.string(),
  status: z.literal('pending'),
  creditsHeld: z.int(),
})

export const mediumOrderAccepted = orderAccepted.extend({
  mediaId: idField('media').meta({ description: 'Of a URL: the medium that it will become.' }),
})

/** What is worked on: an upload, or the file at a URL. */
export const mediumFields = {
  mediaId: idField('media').optional(),
  url: httpUrlField
    .optional()
    .meta({ description: 'Fetched by the server: http or https, public.' }),
}

type GivenMedium = { readonly mediaId?: unknown; readonly url?: unknown }

/** Of the two, one is needed, and not both: for `refine`. */
export const namesOneMedium = ({ mediaId, url }: GivenMedium): boolean =>
  (mediaId === undefined) !== (url === undefined)
export const ONE_MEDIUM = {
  path: ['mediaId'],
  error: 'or else url is needed, and not both',
  params: { fix: 'Give one of the two.' },
}
