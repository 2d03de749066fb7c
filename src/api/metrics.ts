/** What the API measures of itself and of the system; operators read it at `/metrics`. */

import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { QUEUES, type Queue } from '../contracts/queues.ts'
import { providerQueue } from '../domain/generation/model-queue.ts'
import type { FastifyBaseLogger } from 'fastify'
import type { Repositories } from '../db/repositories.ts'
import { readNowAndThen, registerScrapedGauge } from './scraped-gauge.ts'
import type { WorkflowService } from './workflow-service.ts'

const GAUGES_TTL_MS = 5_000
/** The audit reads all books. */
const AUDIT_TTL_MS = 60_000

export interface ApiMetrics {
  readonly requestSeconds: Histogram<'method' | 'route' | 'status'>
  readonly inboundWebhooks: Counter<'source' | 'outcome'>
  readonly liveConnections: Gauge
}

interface MetricsOptions {
  readonly registry: Registry
  readonly repositories: Pick<Repositories, 'executions' | 'generations' | 'ledger'>
  readonly workflows: Pick<WorkflowService, 'backlog'>
  /** Each has a queue of its own. */
  readonly modelProviders: readonly string[]
  readonly log: FastifyBaseLogger
}

/** Work that waits, and whether the books agree. */
const registerHealthGauges = (options: MetricsOptions): void => {
  const { registry, repositories, workflows, modelProviders, log } = options
  const queues: readonly Queue[] = [...QUEUES, ...modelProviders.map(providerQueue)]

  const depths = readNowAndThen({ log, what: 'queues', ttlMs: GAUGES_TTL_MS }, async () => {
    const found: { readonly queue: Queue; readonly depth: number }[] = []
    for (const queue of queues) found.push({ queue, depth: await workflows.backlog(queue) })
    return found
  })
  registerScrapedGauge(registry, {
    name: 'spool_queue_depth',
    help: 'Workflow and activity tasks that wait on a task queue.',
    labelNames: ['queue'],
    read: depths,
    show: (gauge, found) => {
      for (const { queue, depth } of found) gauge.set({ queue }, depth)
    },
  })

  const violations = readNowAndThen({ log, what: 'ledger', ttlMs: AUDIT_TTL_MS }, () =>
    repositories.ledger.audit(),
  )
  registerScrapedGauge(registry, {
    name: 'spool_ledger_violations',
    help: 'Contradictions that an audit of the ledger found; anything but 0 is an alarm.',
    read: violations,
    show: (gauge, found) => gauge.set(found.length),
  })
}

/** How executions fare. */
const registerExecutionGauges = ({ registry, repositories, log }: MetricsOptions): void => {
  const { executions } = repositories

  const statuses = readNowAndThen({ log, what: 'executions', ttlMs: GAUGES_TTL_MS }, () =>
    executions.countByStatus(),
  )
  registerScrapedGauge(registry, {
    name: 'spool_executions',
    help: 'Executions by status.',
    labelNames: ['status'],
    read: statuses,
    show: (gauge, counts) => {
      for (const [status, count] of Object.entries(counts)) gauge.set({ status }, count)
    },
  })

  const failures = readNowAndThen({ log, what: 'failures', ttlMs: GAUGES_TTL_MS }, () =>
    executions.countFailures(),
  )
  registerScrapedGauge(registry, {
    name: 'spool_execution_failures',
    help: 'Executions that ended in error, by the step that failed and the code.',
    labelNames: ['step', 'code'],
    read: failures,
    show: (gauge, counts) => {
      for (const { step, code, count } of counts) gauge.set({ step: step ?? 'none', code }, count)
    },
  })
}

/** What was made by whom, and what it costs us. */
const registerModelGauges = ({ registry, repositories, log }: MetricsOptions): void => {
  const labelNames: ('provider' | 'model')[] = ['provider', 'model']
  const read = readNowAndThen({ log, what: 'spending', ttlMs: AUDIT_TTL_MS }, () =>
    repositories.generations.spending(),
  )
  registerScrapedGauge(registry, {
    name: 'spool_model_jobs',
    help: 'Jobs of plans that a model has made; what was made before and used again is not counted.',
    labelNames,
    read,
    show: (gauge, spent) => {
      for (const { provider, model, jobCount } of spent) gauge.set({ provider, model }, jobCount)
    },
  })
  registerScrapedGauge(registry, {
    name: 'spool_model_cost_usd',
    help: 'What providers take of us for what their models have delivered, by the price book.',
    labelNames,
    read,
    show: (gauge, spent) => {
      for (const { provider, model, costMicroUsd } of spent) {
        gauge.set({ provider, model }, costMicroUsd / 1e6)
      }
    },
  })
}

export const createApiMetrics = (options: MetricsOptions): ApiMetrics => {
  registerHealthGauges(options)
  registerExecutionGauges(options)
  registerModelGauges(options)
  const registers = [options.registry]
  return {
    requestSeconds: new Histogram({
      name: 'spool_http_request_duration_seconds',
      help: 'Time to the end of an answer.',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    }),
    inboundWebhooks: new Counter({
      name: 'spool_inbound_webhooks_total',
      help: 'Webhooks received, by what came of them.',
      labelNames: ['source', 'outcome'],
      registers,
    }),
    liveConnections: new Gauge({
      name: 'spool_live_connections',
      help: 'WebSockets of /v1/live that are open at this process.',
      registers,
    }),
  }
}
