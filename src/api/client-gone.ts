import type { FastifyReply } from 'fastify'
import { MediaError } from '../domain/failures.ts'

/**
 * Aborts when nobody waits for the answer any more: it was given, or its client has gone. Of the
 * response and not of the request, whose `close` only says that its body was read.
 */
export const clientGone = (reply: FastifyReply): AbortSignal => {
  const controller = new AbortController()
  reply.raw.once('close', () => {
    controller.abort(new MediaError('CANCELED', 'the client went away'))
  })
  return controller.signal
}
