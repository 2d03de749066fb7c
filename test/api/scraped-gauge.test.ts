import { pino } from 'pino'
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { readNowAndThen, registerScrapedGauge } from '../../src/api/scraped-gauge.ts'

const HOUR_MS = 3_600_000

const logTo = (lines: string[]) =>
  pino({ level: 'info' }, { write: (line: string) => void lines.push(line) })

test('gauges that share a reading show it in the first scrape already, and read it once', async () => {
  const registry = new Registry()
  let reads = 0
  const read = readNowAndThen({ log: logTo([]), what: 'jobs', ttlMs: HOUR_MS }, async () => {
    reads += 1
    return [{ model: 'a', count: 2, cost: 0.5 }]
  })
  const labelNames: 'model'[] = ['model']
  for (const fact of ['count', 'cost'] as const) {
    registerScrapedGauge(registry, {
      ...{ name: fact, help: fact, labelNames, read },
      show: (gauge, jobs) => {
        for (const job of jobs) gauge.set({ model: job.model }, job[fact])
      },
    })
  }
  for (let scrape = 0; scrape < 2; scrape += 1) {
    const text = await registry.metrics()
    expect(text).toContain('count{model="a"} 2')
    expect(text).toContain('cost{model="a"} 0.5')
  }
  expect(reads).toBe(1)
})

test('what is gone is not shown any more, and what cannot be read stays as it was', async () => {
  const registry = new Registry()
  const lines: string[] = []
  const answers = [['a', 'b'], ['b'], null]
  const read = readNowAndThen({ log: logTo(lines), what: 'queues', ttlMs: -1 }, async () => {
    const names = answers.shift()
    if (names == null) throw new Error('away')
    return names
  })
  registerScrapedGauge(registry, {
    ...{ name: 'depth', help: 'depth', labelNames: ['queue'], read },
    show: (gauge, names) => {
      for (const queue of names) gauge.set({ queue }, 1)
    },
  })
  expect(await registry.metrics()).toMatch(/depth\{queue="a"\} 1\ndepth\{queue="b"\} 1/)
  expect(await registry.metrics()).not.toContain('queue="a"')
  expect(await registry.metrics()).toContain('depth{queue="b"} 1')
  expect(lines).toHaveLength(1)
  expect(lines[0]).toContain('"what":"queues"')
})
