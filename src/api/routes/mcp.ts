import { createMcpHandler } from '@modelcontextprotocol/server'
import { clientGone } from '../client-gone.ts'
import { askInNameOf } from '../mcp/ask-api.ts'
import { createMcpServer } from '../mcp/create-mcp-server.ts'
import { UNHURRIED_MS, type Api, type RouteContext } from './route-context.ts'

/** The Model Context Protocol: tools for agents. Without sessions, so any API process can answer. */
export const mcpRoutes = async (app: Api, context: RouteContext): Promise<void> => {
  const { executionNews: news, settings } = context
  const closing = new AbortController()
  app.addHook('preClose', async () => closing.abort())
  app.route({
    method: ['POST', 'GET', 'DELETE'],
    url: '/mcp',
    schema: {
      summary: 'Tools for agents, by the Model Context Protocol',
      tags: ['generations'],
    },
    // Watching takes as long as the client wants.
    handlerTimeout: UNHURRIED_MS,
    handler: async (request, reply) => {
      const { version } = settings
      const { fetch } = createMcpHandler(
        () =>
          createMcpServer({
            ask: askInNameOf(app, request),
            news,
            version,
            closing: closing.signal,
          }),
        // Nothing is ever announced; a stream that waits for it would stay open for nothing.
        {
          maxSubscriptions: 0,
          onerror: (err) => request.log.warn({ err }, 'a call by MCP failed'),
        },
      )
      const headers = new Headers(
        Object.entries(request.headers).flatMap(([name, value]) =>
          typeof value === 'string' ? [[name, value]] : [],
        ),
      )
      const { method, body } = request
      const asked = new Request(`${settings.publicUrl}/mcp`, {
        method,
        headers,
        signal: clientGone(reply),
      })
      return await reply.send(await fetch(asked, body == null ? {} : { parsedBody: body }))
    },
  })
}
