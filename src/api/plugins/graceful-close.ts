import fastifyPlugin from 'fastify-plugin'

/**
 * Lets a closing server go when its last answer is given. Connections that are idle when it closes are
 * closed by the server; one that becomes idle later would be kept alive for more than a minute, and
 * the server with it.
 */
export const gracefulClose = fastifyPlugin(async (app) => {
  let closing = false
  app.addHook('preClose', async () => {
    closing = true
  })
  app.addHook('onSend', async (_request, reply, payload) => {
    if (closing) void reply.header('connection', 'close')
    return payload
  })
})
