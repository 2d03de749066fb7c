/** Keys change rarely, and whoever changes them lets both work for a while. */
const LIFE_MS = 3600_000
/** Forged webhooks must not make us ask again and again. */
const FAILURE_LIFE_MS = 10_000

/** What is loaded when it is first needed, and kept for an hour; a failure is kept as well, for ten
 * seconds. Callers at the same time share one load. */
export const remembered = <T>(load: () => Promise<T>): (() => Promise<T>) => {
  let kept: { readonly value: Promise<T>; endsAtMs: number } | null = null
  return async () => {
    if (kept !== null && performance.now() < kept.endsAtMs) return await kept.value
    const current = { value: load(), endsAtMs: performance.now() + LIFE_MS }
    kept = current
    try {
      return await current.value
    } catch (error) {
      current.endsAtMs = performance.now() + FAILURE_LIFE_MS
      throw error
    }
  }
}
