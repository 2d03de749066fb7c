/** What the API measures of itself and of the system; operators read it at `/metrics`. */

import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { QUEUES, type Queue } from '../contracts/queues.ts'
import { providerQueue } from '../domain/generation/model-queue.ts'
import type { FastifyBaseLogger } from 'fastify'
import type { Repositories } from '../db/repositories.ts'
import type { WorkflowService } from './workflow-service.ts'

/** Scrapers come every few seconds, and there may be several of them. */
const GAUGES_TTL_MS = 5_000
/** The audit reads all books. */
const AUDIT_TTL_MS = 60_000

export interface ApiMetrics {
  readonly requestSeconds: Histogram<'method' | 'route' | 'status'>
  readonly inboundWebhooks: Counter<'source' | 'outcome'>
  readonly liveConnections: Gauge
}

/** Runs `measure` at most once in `ttlMs`; a failure leaves the gauge without values, and is said. */
const measured = (
  measure: () => Promise<void>,
  { ttlMs, log, name }: { ttlMs: number; log: FastifyBaseLogger; name: string },
): (() => Promise<void>) => {
  let last: { readonly atMs: number; readonly done: Promise<void> } | null = null
  return () => {
    if (last === null || Date.now() - last.atMs > ttlMs) {
      const done = measure().catch((error: unknown) => {
        log.warn({ err: error, metric: name }, 'a metric could not be read')
      })
      last = { atMs: Date.now(), done }
    }
    return last.done
  }
}

interface MetricsOptions {
  readonly registry: Registry
  readonly repositories: Pick<Repositories, 'executions' | 'generations' | 'ledger'>
  readonly workflows: Pick<WorkflowService, 'backlog'>
  /** Each has a queue of its own. */
  readonly modelProviders: readonly string[]
  readonly log: FastifyBaseLogger
}

/** Read when somebody scrapes: work that waits, and whether the books agree. */
const registerHealthGauges = (options: MetricsOptions): void => {
  const { registry, repositories, workflows, modelProviders, log } = options
  const registers = [registry]
  const queues: readonly Queue[] = [...QUEUES, ...modelProviders.map(providerQueue)]

  const queueDepth = new Gauge({
    name: 'spool_queue_depth',
    help: 'Workflow and activity tasks that wait on a task queue.',
    labelNames: ['queue'],
    registers,
    collect: measured(
      async () => {
        queueDepth.reset()
        for (const queue of queues) queueDepth.set({ queue }, await workflows.backlog(queue))
      },
      { ttlMs: GAUGES_TTL_MS, log, name: 'spool_queue_depth' },
    ),
  })

  const violations: Gauge = new Gauge({
    name: 'spool_ledger_violations',
    help: 'Contradictions that an audit of the ledger found; anything but 0 is an alarm.',
    registers,
    collect: measured(
      async () => {
        const found = await repositories.ledger.audit()
        violations.set(found.length)
      },
      { ttlMs: AUDIT_TTL_MS, log, name: 'spool_ledger_violations' },
    ),
  })
}

/** Read when somebody scrapes: how executions fare. */
const registerExecutionGauges = ({ registry, repositories, log }: MetricsOptions): void => {
  const registers = [registry]

  const executions = new Gauge({
    name: 'spool_executions',
    help: 'Executions by status.',
    labelNames: ['status'],
    registers,
    collect: measured(
      async () => {
        const counts = await repositories.executions.countByStatus()
        for (const [status, count] of Object.entries(counts)) executions.set({ status }, count)
      },
      { ttlMs: GAUGES_TTL_MS, log, name: 'spool_executions' },
    ),
  })

  const failures = new Gauge({
    name: 'spool_execution_failures',
    help: 'Executions that ended in error, by the step that failed and the code.',
    labelNames: ['step', 'code'],
    registers,
    collect: measured(
      async () => {
        const counts = await repositories.executions.countFailures()
        failures.reset()
        for (const { step, code, count } of counts) {
          failures.set({ step: step ?? 'none', code }, count)
        }
      },
      { ttlMs: GAUGES_TTL_MS, log, name: 'spool_execution_failures' },
    ),
  })
}

/** Read when somebody scrapes: what was made by whom, and what it costs us. */
const registerModelGauges = ({ registry, repositories, log }: MetricsOptions): void => {
  const registers = [registry]
  const labelNames = ['provider', 'model']
  const jobs = new Gauge({
    name: 'spool_model_jobs',
    help: 'Jobs of plans that a model has made; what was made before and used again is not counted.',
    labelNames,
    registers,
    collect: measured(
      async () => {
        const spent = await repositories.generations.spending()
        jobs.reset()
        costs.reset()
        for (const { provider, model, jobCount, costMicroUsd } of spent) {
          jobs.set({ provider, model }, jobCount)
          costs.set({ provider, model }, costMicroUsd / 1e6)
        }
      },
      { ttlMs: AUDIT_TTL_MS, log, name: 'spool_model_jobs' },
    ),
  })
  const costs = new Gauge({
    name: 'spool_model_cost_usd',
    help: 'What providers take of us for what their models have delivered, by the price book.',
    labelNames,
    registers,
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
