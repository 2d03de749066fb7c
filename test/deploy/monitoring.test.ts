import { readFile } from 'node:fs/promises'
import pino from 'pino'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { parse } from 'yaml'
import { expect, it } from 'vitest'
import { createApiMetrics } from '../../src/api/metrics.ts'
import { createWorkerMetrics } from '../../src/composition/worker-metrics.ts'

const read = (path: string) => readFile(new URL(`../../deploy/${path}`, import.meta.url), 'utf8')

/** The names of everything that the two kinds of process measure. */
const measuredNames = (): Set<string> => {
  const api = new Registry()
  collectDefaultMetrics({ register: api, prefix: 'spool_api_' })
  const idle = async () => ({}) as never
  createApiMetrics({
    registry: api,
    repositories: {
      executions: { countByStatus: idle, countFailures: idle },
      generations: { spending: idle },
      ledger: { audit: idle },
    } as unknown as Parameters<typeof createApiMetrics>[0]['repositories'],
    workflows: { backlog: async () => 0 },
    modelProviders: [],
    log: pino({ level: 'silent' }),
  })
  const metrics = [
    ...api.getMetricsAsArray(),
    ...createWorkerMetrics().registry.getMetricsAsArray(),
  ]
  return new Set(metrics.map(({ name }) => name))
}

const namesIn = (text: string): string[] =>
  [...text.matchAll(/\bspool_[a-z0-9_]+/g)].map(([name]) =>
    name.replace(/(?<=_seconds)_(?:bucket|count|sum)$/, ''),
  )

interface Dashboard {
  readonly title: string
  readonly panels: readonly {
    readonly title: string
    readonly gridPos: { x: number; y: number; w: number; h: number }
    readonly targets: readonly { readonly expr: string }[]
  }[]
}

const DASHBOARDS = ['grafana/dashboards/spool.json', 'grafana/dashboards/clips.json'] as const
const dashboards = await Promise.all(
  DASHBOARDS.map(async (path) => JSON.parse(await read(path)) as Dashboard),
)
const [overview, clips] = dashboards as [Dashboard, Dashboard]

const queriesOf = ({ panels }: Dashboard): string =>
  panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)).join('\n')

it.each([...DASHBOARDS, 'prometheus/alerts.yml'])(
  '%s asks for nothing that is not measured',
  async (path) => {
    const measured = measuredNames()
    const asked = namesIn(await read(path)).filter((name) => name.startsWith('spool_'))
    expect(asked.length).toBeGreaterThan(5)
    for (const name of asked) expect([...measured], name).toContain(name)
  },
)

it('shows first what operators look at first', () => {
  const shown = queriesOf(overview)
  for (const name of [
    'spool_queue_depth',
    'spool_activity_duration_seconds_bucket',
    'spool_execution_failures',
    'spool_inbound_webhooks_total',
    'spool_outgoing_webhooks_total',
    'spool_ledger_violations',
  ]) {
    expect(shown).toContain(name)
  }
  expect(shown).toContain('histogram_quantile(0.95')
})

it('shows of clips their p95 encode time, their queues, and the failure rate of each stage', () => {
  const shown = queriesOf(clips)
  expect(shown).toContain(
    'histogram_quantile(0.95, sum by (le) (rate(spool_encode_duration_seconds_bucket{kind="clip"}[30m])))',
  )
  expect(shown).toContain('max by (queue) (spool_queue_depth{queue=~"download|inference|media')
  expect(shown).toMatch(
    /sum by \(stage\) \(increase\(spool_stage_attempts_total\{.*outcome="failed"\}\[30m\]\)\) \/ sum by/,
  )
})

it.each(dashboards)('$title lays no panel over another', ({ panels }) => {
  for (const [index, { gridPos: a, title }] of panels.entries()) {
    expect(a.x + a.w).toBeLessThanOrEqual(24)
    for (const { gridPos: b } of panels.slice(index + 1)) {
      const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y
      expect(apart, title).toBe(true)
    }
  }
})

it('scrapes every role at the port where it shows its metrics', async () => {
  interface Compose {
    readonly services: Readonly<Record<string, { environment?: Record<string, unknown> }>>
  }
  const compose = parse(await read('../docker-compose.yml'), { merge: true }) as Compose
  const { scrape_configs: jobs } = parse(await read('prometheus/prometheus.yml')) as {
    scrape_configs: readonly {
      readonly static_configs?: readonly { readonly targets: readonly string[] }[]
      readonly dns_sd_configs?: readonly { readonly names: readonly string[]; port: number }[]
    }[]
  }
  const targets = jobs.flatMap(({ static_configs = [], dns_sd_configs = [] }) => [
    ...static_configs.flatMap((config) => config.targets),
    ...dns_sd_configs.flatMap(({ names, port }) => names.map((name) => `${name}:${port}`)),
  ])
  const workers = Object.entries(compose.services).flatMap(([name, { environment = {} }]) => {
    const port = environment['SPOOL_WORKER_METRICS_PORT']
    return port === undefined ? [] : [`${name}:${String(port)}`]
  })
  expect(workers).toHaveLength(2)
  expect(targets.toSorted()).toEqual([...workers, 'api:7100', 'temporal:9090'].toSorted())
})
