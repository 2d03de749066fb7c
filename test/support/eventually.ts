import { setTimeout as pause } from 'node:timers/promises'

/** Tries until it does not throw, or gives up after `timeoutMs` with the last error: by default shortly
 * before the test itself is given up, so that a slow machine fails nothing. */
export const eventually = async <T>(
  attempt: () => Promise<T> | T,
  timeoutMs = 100_000,
): Promise<T> => {
  const endsAtMs = Date.now() + timeoutMs
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (Date.now() > endsAtMs) throw error
      await pause(50)
    }
  }
}
