import { z } from 'zod'
import { idField, timeField } from './fields.ts'

/** The version of the messages, named in the handshake where a ticket is. */
export const LIVE_PROTOCOL = 'spool.live.v1'

/** Before a ticket that is offered as a second protocol: the only header that a browser lets a page set. */
export const LIVE_TICKET_PREFIX = 'spool.ticket.'

/** Why the server closes a connection, beside what every WebSocket has (1000, 1009). */
export const LIVE_CLOSE = {
  goingAway: 1001,
  notText: 1003,
  notUnderstood: 1007,
  failed: 1011,
  keyRevoked: 4401,
  tooSlow: 4408,
  tooMany: 4429,
} as const

export const liveQuery = z.object({
  since: z
    .string()
    .regex(/^\d{1,15}$/, { error: 'is not the id of a message' })
    .optional()
    .meta({ description: 'The `id` of the last message that was seen; without it: from now on.' }),
  executionId: idField('execution').optional(),
})

export const liveTicket = z
  .object({
    ticket: z.string(),
    protocols: z
      .array(z.string())
      .meta({ description: 'The second argument of `new WebSocket(url, protocols)`.' }),
    expiresAt: timeField,
  })
  .meta({ id: 'LiveTicket' })

/** All that a client may say. */
export const liveRequest = z.strictObject({ type: z.literal('ping') })
