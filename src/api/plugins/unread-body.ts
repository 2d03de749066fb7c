import fastifyPlugin from 'fastify-plugin'

/**
 * Lets the rest of a refused upload run to nowhere. It was answered before its end; what is still on
 * its way would otherwise stand in the connection before the client's next request, for ever. (Node
 * does this itself only for bodies that nobody has begun to read.)
 */
export const unreadBody = fastifyPlugin(async (app) => {
  app.addHook('onResponse', async ({ raw }) => {
    if (raw.readableEnded || raw.destroyed) return
    raw.unpipe()
    raw.resume()
  })
})
