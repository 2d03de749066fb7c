import helmet from '@fastify/helmet'
import multipart from '@fastify/multipart'
import rateLimit from '@fastify/rate-limit'
import Fastify, { LogController, type FastifyInstance, type onRouteHookHandler } from 'fastify'
import { serializerCompiler } from 'fastify-type-provider-zod'
import { randomUUID } from 'node:crypto'
import { MediaError } from '../domain/failures.ts'
import type { ApiDependencies } from './dependencies.ts'
import { validatorCompiler } from './field-problems.ts'
import { createApiMetrics } from './metrics.ts'
import { limitAddressRate } from './plugins/address-rate.ts'
import { byTicket, requireAccount, requireOperator } from './plugins/authentication.ts'
import { gracefulClose } from './plugins/graceful-close.ts'
import { idempotency } from './plugins/idempotency.ts'
import { knownQueries } from './plugins/known-queries.ts'
import { isLiveUpgrade, liveSockets } from './plugins/live-sockets.ts'
import { openapi, openapiRoute } from './plugins/openapi.ts'
import { requestLog } from './plugins/request-log.ts'
import { unreadBody } from './plugins/unread-body.ts'
import { sendProblem } from './problem.ts'
import { accountRoutes } from './routes/account.ts'
import { adminAccountRoutes, adminCreditRoutes } from './routes/admin.ts'
import { executeRoutes } from './routes/execute.ts'
import { executionCommandRoutes } from './routes/execution-commands.ts'
import { executionEventRoutes } from './routes/execution-events.ts'
import { executionRoutes } from './routes/executions.ts'
import { fileRoutes } from './routes/files.ts'
import { generationDecisionRoutes } from './routes/generation-decisions.ts'
import { generationOrderRoutes } from './routes/generation-orders.ts'
import { generationRunRoutes } from './routes/generation-runs.ts'
import { generationRoutes } from './routes/generations.ts'
import { healthRoutes } from './routes/health.ts'
import { jobRoutes } from './routes/jobs.ts'
import { clipRoutes } from './routes/clips.ts'
import { liveRoutes, liveTicketRoutes } from './routes/live.ts'
import { localizationRoutes } from './routes/localizations.ts'
import { mcpRoutes } from './routes/mcp.ts'
import { mediaRoutes } from './routes/media.ts'
import { modelWebhookRoutes } from './routes/model-webhooks.ts'
import { playbackRoutes } from './routes/playback.ts'
import { renderRoutes } from './routes/renders.ts'
import type { RouteContext } from './routes/route-context.ts'
import { streamRoutes } from './routes/streams.ts'
import { taskWebhookRoutes } from './routes/task-webhooks.ts'
import { taskRoutes } from './routes/tasks.ts'
import { videoRoutes } from './routes/videos.ts'
import { webhookDeliveryRoutes, webhookEndpointRoutes } from './routes/webhooks.ts'
import { createWorkflowService } from './workflow-service.ts'

/** A route token has some 200 characters; the router's own limit is 100. */
const PARAMETER_LENGTH_MAX = 2_048

/** Open to everybody, or to whoever has a token: each in a scope of its own, for some read bodies in their
 * own way. */
const OPEN_ROUTES = [
  healthRoutes,
  openapiRoute,
  fileRoutes,
  playbackRoutes,
  taskWebhookRoutes,
  modelWebhookRoutes,
]

const ACCOUNT_ROUTES = [
  accountRoutes,
  executionCommandRoutes,
  executionEventRoutes,
  executionRoutes,
  generationOrderRoutes,
  generationRoutes,
  generationRunRoutes,
  mediaRoutes,
  renderRoutes,
  streamRoutes,
  localizationRoutes,
  liveTicketRoutes,
  clipRoutes,
  taskRoutes,
  videoRoutes,
  webhookDeliveryRoutes,
  webhookEndpointRoutes,
]

/** Says in the description of each route which key it wants. */
const describedBehind =
  (scheme: 'apiKey' | 'adminKey'): onRouteHookHandler =>
  (route) => {
    route.schema = { ...route.schema, security: [{ [scheme]: [] }] }
  }

const notFound = (): never => {
  throw new MediaError('NOT_FOUND', 'no such route')
}

const createServer = ({ settings, log }: ApiDependencies): FastifyInstance => {
  const { trustProxy } = settings
  return Fastify({
    loggerInstance: log,
    // Fastify's own lines hold the whole URL: signatures and tokens would be logged.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => `req_${randomUUID()}`,
    bodyLimit: settings.bodySizeBytesMax,
    requestTimeout: settings.requestTimeoutMs,
    handlerTimeout: settings.handlerTimeoutMs,
    trustProxy: typeof trustProxy === 'boolean' ? trustProxy : [...trustProxy],
    routerOptions: { maxParamLength: PARAMETER_LENGTH_MAX },
    // Open streams are ended by their routes; what is left is idle.
    forceCloseConnections: 'idle',
    http: { shouldUpgradeCallback: isLiveUpgrade },
  })
}

/** What every request meets, in this order. */
const registerPlugins = async (app: FastifyInstance, context: RouteContext): Promise<void> => {
  const { settings, apiMetrics } = context
  app.decorateRequest('account', null)
  app.decorateRequest('apiKeyId', null)
  app.decorateRequest('keyOwner', null)
  await app.register(requestLog)
  await app.register(gracefulClose)
  await app.register(unreadBody)
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none'
    const labels = { method: request.method, route, status: String(reply.statusCode) }
    apiMetrics.requestSeconds.observe(labels, reply.elapsedTime / 1000)
  })
  // Before anything that may refuse: what it adds to a request is used when the refusal is sent.
  await app.register(idempotency, context)
  await app.register(helmet, {
    global: true,
    // TLS ends in front of us, or there is none: on a closed network /docs must load all the same.
    contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } },
  })
  await app.register(rateLimit, { global: false })
  app.addHook('onRequest', limitAddressRate(app, settings.rateLimits.perAddressPerMinute))
  await app.register(multipart, { throwFileSizeLimit: false })
  await app.register(liveSockets)
  await app.register(openapi, settings)
}

/** Denied by default: whatever lies under `/v1` is behind a key, and so is what does not exist there. */
const registerRoutes = async (app: FastifyInstance, context: RouteContext): Promise<void> => {
  for (const routes of OPEN_ROUTES) {
    await app.register(async (scope) => {
      await routes(scope, context)
    })
  }
  await app.register(
    async (scope) => {
      scope.addHook('onRequest', requireOperator(context.settings))
      scope.setNotFoundHandler(notFound)
      scope.addHook('onRoute', describedBehind('adminKey'))
      scope.addHook('onRoute', knownQueries)
      await adminAccountRoutes(scope, context)
      await adminCreditRoutes(scope, context)
      await generationDecisionRoutes(scope, context)
    },
    { prefix: '/v1/admin' },
  )
  await app.register(
    async (scope) => {
      scope.addHook('onRequest', requireAccount(scope, context))
      scope.setNotFoundHandler(notFound)
      scope.addHook('onRoute', describedBehind('apiKey'))
      scope.addHook('onRoute', knownQueries)
      for (const routes of ACCOUNT_ROUTES) await routes(scope, context)
    },
    { prefix: '/v1' },
  )
}

/** The one way in that is also open to the holder of a ticket. */
const registerLiveRoutes = async (app: FastifyInstance, context: RouteContext): Promise<void> => {
  await app.register(
    async (scope) => {
      scope.addHook('onRequest', requireAccount(scope, context, byTicket(context)))
      scope.addHook('onRoute', describedBehind('apiKey'))
      scope.addHook('onRoute', knownQueries)
      await liveRoutes(scope, context)
    },
    { prefix: '/v1' },
  )
}

/** Beside `/v1`: what others speak, be it code that was written for hosted services or agents. */
const registerForeignRoutes = async (
  app: FastifyInstance,
  context: RouteContext,
): Promise<void> => {
  await app.register(async (scope) => {
    scope.addHook('onRequest', requireAccount(scope, context))
    scope.addHook('onRoute', describedBehind('apiKey'))
    scope.addHook('onRoute', (route) => {
      // The same as under /v1, where it is described.
      if (route.url.startsWith('/tasks')) route.schema = { ...route.schema, hide: true }
    })
    await taskRoutes(scope, context)
    await jobRoutes(scope, context)
    await executeRoutes(scope, context)
    await mcpRoutes(scope, context)
  })
}

/**
 * Builds the API; the caller listens, and closes it.
 *
 * *Guarantee:* every answer that is not a success is a problem object, of every route and of none.
 */
export const buildApp = async (dependencies: ApiDependencies): Promise<FastifyInstance> => {
  const { settings, temporal, metrics: registry, repositories, log } = dependencies
  const workflows = createWorkflowService(temporal, settings)
  const apiMetrics = createApiMetrics({
    registry,
    repositories,
    workflows,
    modelProviders: settings.modelProviders,
    log,
  })
  const context: RouteContext = { ...dependencies, workflows, apiMetrics }

  const app = createServer(dependencies)
  // Fastify hands it on as a string, of which no route could make anything.
  app.removeContentTypeParser('text/plain')
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.setErrorHandler((error, request, reply) => sendProblem(request, reply, error))
  app.setNotFoundHandler(notFound)
  await registerPlugins(app, context)
  await registerRoutes(app, context)
  await registerLiveRoutes(app, context)
  await registerForeignRoutes(app, context)
  await app.ready()
  return app
}
