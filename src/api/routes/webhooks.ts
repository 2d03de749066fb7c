import { z } from 'zod'
import { idField } from '../../contracts/http/fields.ts'
import {
  deliveryPage,
  deliveryQuery,
  endpoint,
  endpointChange,
  endpointCreated,
  endpointPage,
  newEndpoint,
  repeatAccepted,
} from '../../contracts/http/webhooks.ts'
import type { WebhookDelivery } from '../../db/repositories/webhook-deliveries.ts'
import {
  ENDPOINT_COUNT_MAX,
  type WebhookEndpoint,
} from '../../db/repositories/webhook-endpoints.ts'
import { MediaError } from '../../domain/failures.ts'
import { accountOf } from '../plugins/authentication.ts'
import { newId } from '../plugins/idempotency.ts'
import { isoOrNull } from '../presenters.ts'
import { FailureWithFacts } from '../problem.ts'
import { problems, type Api, type RouteContext } from './route-context.ts'

const presentEndpoint = (row: WebhookEndpoint): z.infer<typeof endpoint> => ({
  id: row.id,
  url: row.url,
  topics: row.topics,
  disabledAt: isoOrNull(row.disabledAt),
  disabledReason: row.disabledReason,
  createdAt: row.createdAt.toISOString(),
})

const presentDelivery = (row: WebhookDelivery) => ({
  id: row.id,
  eventId: row.eventId,
  endpointId: row.endpointId,
  eventType: row.eventType,
  url: row.url,
  status: row.status,
  attempts: row.attempts,
  responseStatus: row.responseStatus,
  responseSnippet: row.responseSnippet,
  durationMs: row.durationMs,
  createdAt: row.createdAt.toISOString(),
  lastAttemptAt: isoOrNull(row.lastAttemptAt),
})

/** Where the account wants to be told of events. */
export const webhookEndpointRoutes = async (app: Api, context: RouteContext): Promise<void> => {
  const { webhookEndpoints } = context.repositories

  const refuseTarget = async (url: string): Promise<void> => {
    const refused = await context.checkWebhookTarget(url)
    if (refused === null) return
    throw new MediaError('INPUT_INVALID', 'refused webhook target', {
      problems: [{ ...refused, path: 'url' }],
    })
  }

  app.route({
    method: 'POST',
    url: '/webhooks/endpoints',
    schema: {
      summary: 'Have events sent to an address',
      tags: ['webhooks'],
      body: newEndpoint,
      response: { 201: endpointCreated, ...problems(400, 401, 409, 422) },
    },
    config: { idempotent: true },
    handler: async (request, reply) => {
      await refuseTarget(request.body.url)
      const row = await webhookEndpoints.create({
        id: newId(request, 'endpoint'),
        accountId: accountOf(request).id,
        secret: context.newWebhookSecret(),
        ...request.body,
      })
      if (row === null) {
        throw new FailureWithFacts('CONFLICT', 'as many endpoints as there may be', {
          detail: `An account has ${ENDPOINT_COUNT_MAX} webhook endpoints at most; delete one first.`,
        })
      }
      return await reply.code(201).send({ ...presentEndpoint(row), secret: row.secret })
    },
  })

  app.route({
    method: 'GET',
    url: '/webhooks/endpoints',
    schema: {
      summary: 'All addresses, newest first',
      tags: ['webhooks'],
      response: { 200: endpointPage, ...problems(401) },
    },
    handler: async (request) => {
      const rows = await webhookEndpoints.list(accountOf(request).id)
      return { endpoints: rows.map(presentEndpoint), nextCursor: null }
    },
  })

  app.route({
    method: 'PATCH',
    url: '/webhooks/endpoints/:id',
    schema: {
      summary: 'Change an address, or switch it on again after it was disabled',
      tags: ['webhooks'],
      params: z.object({ id: idField('endpoint') }),
      body: endpointChange,
      response: { 200: endpoint, ...problems(400, 401, 404, 422) },
    },
    handler: async (request) => {
      const { url } = request.body
      if (url !== undefined) await refuseTarget(url)
      const accountId = accountOf(request).id
      const row = await webhookEndpoints.update(accountId, request.params.id, request.body)
      if (row === null) throw new MediaError('NOT_FOUND', 'no such endpoint')
      return presentEndpoint(row)
    },
  })

  app.route({
    method: 'DELETE',
    url: '/webhooks/endpoints/:id',
    schema: {
      summary: 'Send no more events to an address',
      tags: ['webhooks'],
      params: z.object({ id: idField('endpoint') }),
      response: { 204: z.null(), ...problems(401, 404) },
    },
    handler: async (request, reply) => {
      const deleted = await webhookEndpoints.delete(accountOf(request).id, request.params.id)
      if (!deleted) throw new MediaError('NOT_FOUND', 'no such endpoint')
      return await reply.code(204).send(null)
    },
  })
}

/** What was sent, how it was taken, and sending it again. */
export const webhookDeliveryRoutes = async (app: Api, context: RouteContext): Promise<void> => {
  const { webhookDeliveries } = context.repositories

  app.route({
    method: 'GET',
    url: '/webhooks/deliveries',
    schema: {
      summary: 'All deliveries, newest first',
      tags: ['webhooks'],
      querystring: deliveryQuery,
      response: { 200: deliveryPage, ...problems(401, 422) },
    },
    handler: async (request) => {
      const accountId = accountOf(request).id
      const page = await webhookDeliveries.list({ accountId, ...request.query })
      return { deliveries: page.items.map(presentDelivery), nextCursor: page.nextCursor }
    },
  })

  app.route({
    method: 'POST',
    url: '/webhooks/deliveries/:id/repeat',
    schema: {
      summary: 'Send an event again, under the same event id',
      tags: ['webhooks'],
      params: z.object({ id: idField('delivery') }),
      response: { 202: repeatAccepted, ...problems(401, 404, 409) },
    },
    config: { idempotent: true },
    handler: async (request, reply) => {
      const accountId = accountOf(request).id
      const row = await webhookDeliveries.find(accountId, request.params.id)
      if (row === null) throw new MediaError('NOT_FOUND', 'no such delivery')
      // Also while it is still being tried: its next attempt may be hours away. Whichever attempt
      // is taken first ends the delivery for both.
      await webhookDeliveries.reopen(accountId, row.id)
      // Attempts are counted on, so a repetition after this one has another number.
      const { workflowId } = await context.workflows.repeatDelivery({
        deliveryId: row.id,
        repetition: row.attempts,
      })
      return await reply.code(202).send({ deliveryId: row.id, workflowId })
    },
  })
}
