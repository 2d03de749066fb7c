import { createServer } from 'node:http'
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { OutgoingWebhook } from '../activities/dependencies.ts'
import type { ActivityMeter } from '../activities/lib/interceptors.ts'
import { deliveryOutcome } from '../domain/webhook-schedule.ts'
import type { ModelsMeter } from './models.ts'
import type { EncodeMeter } from './timed-encodes.ts'

const OUTCOMES = { delivered: 'delivered', retry: 'refused', gone: 'gone' } as const

/** Where attempts at outgoing webhooks are counted; `status` is null when no answer came. */
export interface WebhookMeter {
  webhookSent(receiver: OutgoingWebhook['receiver'], status: number | null): void
}

export interface WorkerMetrics {
  readonly meter: ActivityMeter & WebhookMeter & ModelsMeter & EncodeMeter
  readonly registry: Registry
}

const CIRCUIT_STATES = ['closed', 'half-open', 'open'] as const

/** What is asked of providers of models, and which of them are left alone. */
const createModelsMeter = (registry: Registry): ModelsMeter => {
  const calls = new Histogram({
    name: 'spool_provider_call_duration_seconds',
    help: 'Time of one call to a provider of models; a video is not made within one.',
    labelNames: ['provider', 'call'],
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120],
    registers: [registry],
  })
  const failures = new Counter({
    name: 'spool_provider_call_failures_total',
    help: 'Calls to providers of models that failed, by code.',
    labelNames: ['provider', 'call', 'code'],
    registers: [registry],
  })
  const circuits = new Gauge({
    name: 'spool_provider_circuit',
    help: 'Whether the circuit before a provider of models is in this state: 1 or 0.',
    labelNames: ['provider', 'state'],
    registers: [registry],
  })
  return {
    providerCalled: ({ provider, call, seconds, failure }) => {
      calls.observe({ provider, call }, seconds)
      if (failure !== null) failures.inc({ provider, call, code: failure })
    },
    circuitChanged: (provider, now) => {
      for (const state of CIRCUIT_STATES) circuits.set({ provider, state }, state === now ? 1 : 0)
    },
  }
}

/** How long encodes take, and how the stages of the work end. */
const createWorkMeter = (registry: Registry): EncodeMeter & Pick<ActivityMeter, 'attempted'> => {
  const encodes = new Histogram({
    name: 'spool_encode_duration_seconds',
    help: 'Time of one finished encode, without fetching its source and storing what it made.',
    labelNames: ['kind', 'format'],
    buckets: [0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640, 1280, 3600],
    registers: [registry],
  })
  const attempts = new Counter({
    name: 'spool_stage_attempts_total',
    help: 'Attempts at a stage of the work, by how they ended.',
    labelNames: ['workflow', 'stage', 'outcome'],
    registers: [registry],
  })
  return {
    encoded: ({ kind, format, seconds }) => encodes.observe({ kind, format }, seconds),
    attempted: (attempt) => attempts.inc(attempt),
  }
}

/** What a worker measures: how long its activities take, how they fail, and who takes its webhooks. */
export const createWorkerMetrics = (): WorkerMetrics => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'spool_worker_' })
  const duration = new Histogram({
    name: 'spool_activity_duration_seconds',
    help: 'Time of one attempt of an activity.',
    labelNames: ['activity'],
    buckets: [0.01, 0.05, 0.25, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640, 1280, 3600],
    registers: [registry],
  })
  const failures = new Counter({
    name: 'spool_activity_failures_total',
    help: 'Attempts of activities that failed, by code.',
    labelNames: ['activity', 'code'],
    registers: [registry],
  })
  const webhooks = new Counter({
    name: 'spool_outgoing_webhooks_total',
    help: 'Attempts at outgoing webhooks, by receiver (customer or self) and by what came of them.',
    labelNames: ['receiver', 'outcome'],
    registers: [registry],
  })
  return {
    registry,
    meter: {
      ...createModelsMeter(registry),
      ...createWorkMeter(registry),
      webhookSent: (receiver, status) => {
        const outcome = status === null ? 'unreachable' : OUTCOMES[deliveryOutcome(status)]
        webhooks.inc({ receiver, outcome })
      },
      ended: (activity, seconds, failure) => {
        duration.observe({ activity }, seconds)
        if (failure !== null) failures.inc({ activity, code: failure })
      },
    },
  }
}

/** Shows the metrics at every path of a port. Returns the function that stops it. */
export const serveMetrics = async (registry: Registry, port: number): Promise<() => void> => {
  const server = createServer((_request, response) => {
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, resolve)
  })
  return () => server.close()
}
