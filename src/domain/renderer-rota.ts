import type { FailureCode } from './failures.ts'

/** A renderer as the rota sees it: backups are tried after all primaries. */
export interface RotaEntry {
  readonly name: string
  readonly pool: 'primary' | 'backup'
}

/**
 * The order in which renderers are given a job. It starts at a place that depends on the job, so
 * that many jobs spread over the primaries; backups come last, in their configured order. A lone
 * renderer is tried twice: a task can fail for reasons that its next worker does not have.
 */
export const rendererRota = (renderers: readonly RotaEntry[], jobNumber: number): string[] => {
  const names = (pool: RotaEntry['pool']) =>
    renderers.filter((entry) => entry.pool === pool).map((entry) => entry.name)
  const primaries = names('primary')
  const start = primaries.length === 0 ? 0 : Math.abs(jobNumber) % primaries.length
  const rota = [...primaries.slice(start), ...primaries.slice(0, start), ...names('backup')]
  return rota.length === 1 ? [...rota, ...rota] : rota
}

/** Whether a failed round of the rota is worth waiting out: somebody was silent or out of reach. */
export const isStall = (failures: readonly FailureCode[]): boolean =>
  failures.some((code) => code === 'RENDERER_STALLED' || code === 'RENDERER_UNAVAILABLE')

const FIRST_ASK_MS = 15_000
const LAST_ASK_MS = 600_000

/** How long a stalled render waits before it asks again whether a renderer is back: doubling with
 * every ask, so that a renderer that is well but hangs is not fed the job all day. */
export const askAgainAfterMs = (asks: number): number =>
  Math.min(LAST_ASK_MS, FIRST_ASK_MS * 2 ** Math.min(asks, 10))
