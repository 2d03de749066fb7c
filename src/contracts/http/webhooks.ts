import { z } from 'zod'
import { EVENT_TYPES } from '../../domain/event-types.ts'
import { DELIVERY_STATUSES } from '../../domain/statuses.ts'
import { httpUrlField, idField, optionalTimeField, pageOf, pageQuery, timeField } from './fields.ts'

const topicsField = z
  .array(z.enum(EVENT_TYPES))
  .max(50)
  .meta({ description: 'Event types, such as `render.completed`; empty: all of them.' })

export const newEndpoint = z.strictObject({ url: httpUrlField, topics: topicsField.default([]) })

export const endpointChange = z.strictObject({
  url: httpUrlField.optional(),
  topics: topicsField.optional(),
  enabled: z.boolean().optional(),
})

export const endpoint = z
  .object({
    id: idField('endpoint'),
    url: z.string(),
    topics: z.array(z.string()),
    disabledAt: optionalTimeField,
    disabledReason: z.string().nullable(),
    createdAt: timeField,
  })
  .meta({ id: 'WebhookEndpoint' })

export const endpointCreated = endpoint.extend({
  secret: z
    .string()
    .meta({ description: 'Signs its webhooks (Standard Webhooks). Shown this once.' }),
})

export const endpointPage = pageOf('endpoints', endpoint)

const delivery = z
  .object({
    id: idField('delivery'),
    eventId: idField('event'),
    endpointId: idField('endpoint').nullable(),
    eventType: z.string(),
    url: z.string(),
    status: z.enum(DELIVERY_STATUSES),
    attempts: z.int(),
    responseStatus: z.int().nullable(),
    responseSnippet: z.string().nullable(),
    durationMs: z.int().nullable(),
    createdAt: timeField,
    lastAttemptAt: optionalTimeField,
  })
  .meta({ id: 'WebhookDelivery' })

export const deliveryPage = pageOf('deliveries', delivery)
export const deliveryQuery = pageQuery.extend({ status: z.enum(DELIVERY_STATUSES).optional() })

export const repeatAccepted = z.object({ deliveryId: idField('delivery'), workflowId: z.string() })

/**
 * What a renderer tells about a task. Only what is acted upon is checked; the output is never taken
 * from here but fetched from the renderer.
 */
export const taskWebhook = z.looseObject({
  type: z.string().max(100),
  task_id: z.string().min(1).max(200),
  status: z.string().max(100).nullish(),
  progress: z.number().min(0).max(100).nullish(),
})

export const webhookOutcome = z.object({ status: z.enum(['handled', 'ignored']) })
