import type { FastifyBaseLogger } from 'fastify'
import { Gauge, type Registry } from 'prom-client'

/** Reads something at most once in `ttlMs`, for all who ask within it; null when it could not be read, which
 * is logged. Scrapers come every few seconds, and there may be several of them. */
export const readNowAndThen = <Facts>(
  { log, what, ttlMs }: { log: FastifyBaseLogger; what: string; ttlMs: number },
  read: () => Promise<Facts>,
): (() => Promise<Facts | null>) => {
  let last: { readonly atMs: number; readonly facts: Promise<Facts | null> } | null = null
  return () => {
    if (last === null || Date.now() - last.atMs > ttlMs) {
      const facts = read().catch((error: unknown) => {
        log.warn({ err: error, what }, 'a metric could not be read')
        return null
      })
      last = { atMs: Date.now(), facts }
    }
    return last.facts
  }
}

/** Registers a gauge that is set when somebody scrapes. What cannot be read leaves the values of before. */
export const registerScrapedGauge = <Facts, Label extends string = never>(
  registry: Registry,
  gauge: {
    readonly name: string
    readonly help: string
    readonly labelNames?: Label[]
    readonly read: () => Promise<Facts | null>
    readonly show: (gauge: Gauge<Label>, facts: Facts) => void
  },
): void => {
  const { read, show, ...description } = gauge
  const made: Gauge<Label> = new Gauge({
    ...description,
    registers: [registry],
    collect: async () => {
      const facts = await read()
      if (facts === null) return
      made.reset()
      show(made, facts)
    },
  })
}
