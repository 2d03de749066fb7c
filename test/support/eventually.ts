import { setTimeout as pause } from 'node:timers/promises'

/** Tries until it does not throw, or gives up after `timeoutMs` with the last error. */
export const eventually = async <T>(
  attempt: () => Promise<T> | T,
  timeoutMs = 20_000,
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
