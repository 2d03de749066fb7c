import type { GuardedFetcher } from '../adapters/fetcher/guarded-fetch.ts'
import { MediaError, type FieldProblem } from '../domain/failures.ts'

/** Says at once what is wrong with a webhook address, instead of at its first delivery. A name that
 * cannot be looked up now may be known later, so it is taken. */
export const checkWebhookTarget =
  (fetcher: Pick<GuardedFetcher, 'check'>, publicUrl: string) =>
  async (url: string): Promise<FieldProblem | null> => {
    // Spool is its own renderer. Only the internal account's deliveries do get there.
    if (url.startsWith(`${publicUrl}/webhooks/`)) return null
    try {
      await fetcher.check(url)
      return null
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
      if (error.code !== 'SOURCE_FORBIDDEN') return null
      return {
        path: 'url',
        message: 'leads to an address that is not public',
        fix: 'Give a public address, or have the operator allow the host (SPOOL_ALLOW_PRIVATE_SOURCES).',
      }
    }
  }
