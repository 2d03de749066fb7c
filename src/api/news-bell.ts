import type { ExecutionNews } from '../contracts/ports.ts'

/** Somebody waits for news of an execution, or of an account. */
export interface NewsBell {
  /** True when woken, false when the time is up. */
  readonly wait: (timeoutMs: number) => Promise<boolean>
  readonly close: () => void
}

/** Remembers a wake that comes while nobody waits, so that none falls between reading and waiting. An
 * abort rings, too. */
export const newsBell = (options: {
  readonly news: ExecutionNews
  readonly id: string
  readonly signal: AbortSignal
}): NewsBell => {
  let rung = false
  let ring: (() => void) | null = null
  const wake = (): void => {
    rung = true
    ring?.()
  }
  const unfollow = options.news.follow(options.id, wake)
  options.signal.addEventListener('abort', wake, { once: true })
  return {
    wait: async (timeoutMs) => {
      let timer: NodeJS.Timeout | undefined
      if (!rung) {
        await new Promise<void>((resolve) => {
          ring = resolve
          timer = setTimeout(resolve, timeoutMs)
        })
      }
      clearTimeout(timer)
      ring = null
      const woken = rung
      rung = false
      return woken
    },
    close: unfollow,
  }
}
