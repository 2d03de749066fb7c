import { z } from 'zod'
import type { Api, RouteContext } from './route-context.ts'

/** A part that does not answer in this time is as good as away. */
const CHECK_TIMEOUT_MS = 3_000

const readiness = z.object({
  status: z.enum(['ready', 'unavailable']),
  checks: z.record(z.string(), z.enum(['ok', 'unavailable'])),
})

const inTime = async (check: () => Promise<unknown>): Promise<'ok' | 'unavailable'> => {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<'unavailable'>((resolve) => {
    timer = setTimeout(() => resolve('unavailable'), CHECK_TIMEOUT_MS)
  })
  const checked = check().then(
    () => 'ok' as const,
    () => 'unavailable' as const,
  )
  return await Promise.race([checked, timeout]).finally(() => clearTimeout(timer))
}

/** Whether the process lives, whether it can work, and what it measured. */
export const healthRoutes = async (app: Api, context: RouteContext): Promise<void> => {
  const { repositories, workflows, files, metrics } = context
  const checks = {
    // Any query will do; this one reads no more than one row by its key.
    postgres: () => repositories.accounts.find('acct_readiness'),
    temporal: () => workflows.ping(),
    storage: () => files.check(),
  }

  app.route({
    method: 'GET',
    url: '/healthz',
    schema: {
      summary: 'The process lives',
      tags: ['operations'],
      response: { 200: z.object({ status: z.literal('ok') }) },
    },
    handler: async () => ({ status: 'ok' as const }),
  })

  app.route({
    method: 'GET',
    url: '/readyz',
    schema: {
      summary: 'PostgreSQL, Temporal and the storage can be reached',
      tags: ['operations'],
      response: { 200: readiness, 503: readiness },
    },
    handler: async (_request, reply) => {
      const results = await Promise.all(
        Object.entries(checks).map(async ([name, check]) => [name, await inTime(check)] as const),
      )
      const isReady = results.every(([, state]) => state === 'ok')
      if (!isReady) void reply.header('retry-after', 2)
      return await reply.code(isReady ? 200 : 503).send({
        status: isReady ? 'ready' : 'unavailable',
        checks: Object.fromEntries(results),
      })
    },
  })

  app.route({
    method: 'GET',
    url: '/metrics',
    schema: {
      summary: 'Measurements in the Prometheus text format',
      tags: ['operations'],
      response: { 200: z.string() },
    },
    serializerCompiler: () => (text) => text as string,
    handler: async (_request, reply) => {
      return await reply.type(metrics.contentType).send(await metrics.metrics())
    },
  })
}
