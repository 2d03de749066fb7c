import type { z } from 'zod'
import { MediaError } from '../../domain/failures.ts'

/** What a webhook says whose signature was found good. *Errors:* BODY_MALFORMED. */
export const readWebhookBody = <T>(rawBody: Uint8Array, shape: z.ZodType<T>): T => {
  let body: unknown
  try {
    body = JSON.parse(Buffer.from(rawBody).toString())
  } catch {
    throw new MediaError('BODY_MALFORMED', 'a signed webhook that is not JSON')
  }
  const parsed = shape.safeParse(body)
  if (parsed.success) return parsed.data
  throw new MediaError('BODY_MALFORMED', 'a signed webhook without what it has to say')
}
