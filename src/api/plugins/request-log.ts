/** What is logged of a request: enough to find it, nothing that would let a reader repeat it. */

import fastifyPlugin from 'fastify-plugin'

/** Tokens in paths are keys, to a workflow or to the files of a stream; they are never written down. */
const TOKEN_PATH = /^(\/(?:webhooks\/[^/]+|play)\/)[^/]+/

/** The path of a request, without its query (signatures) and without the tokens of webhooks. */
const loggablePath = (url: string): string =>
  (url.split('?', 1)[0] ?? '').replace(TOKEN_PATH, '$1:token')

export const requestLog = fastifyPlugin(async (app) => {
  app.addHook('onRequest', async (request, reply) => {
    void reply.header('x-request-id', request.id)
  })
  app.addHook('onResponse', async (request, reply) => {
    const line = {
      method: request.method,
      path: loggablePath(request.url),
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime),
      accountId: request.account?.id,
    }
    if (reply.statusCode >= 500) request.log.warn(line, 'answered')
    else request.log.info(line, 'answered')
  })
})
