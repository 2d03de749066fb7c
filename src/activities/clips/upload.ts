import { setTimeout as delay } from 'node:timers/promises'
import { cancellationSignal } from '@temporalio/activity'
import { failureRule, MediaError } from '../../domain/failures.ts'
import type { ActivityDependencies } from '../dependencies.ts'

/** Before the second and the third attempt. */
const PAUSES_MS = [1_000, 5_000]

/**
 * Stores something of a clip, in three attempts. They are made here and not by repeating the activity, which
 * would encode again what lies finished in its folder. *Errors:* UPLOAD_FAILED (final: operators are told,
 * and the clip may be ordered again); what no repetition can mend at once. *Cancellation:* at once.
 */
export const upload = async (
  { log }: Pick<ActivityDependencies, 'log'>,
  about: { readonly executionId: string; readonly key: string },
  put: () => Promise<unknown>,
): Promise<void> => {
  for (const pauseMs of [...PAUSES_MS, null]) {
    try {
      await put()
      return
    } catch (error) {
      if (!(error instanceof MediaError) || failureRule(error.code).retry !== 'yes') throw error
      log.warn({ ...about, code: error.code, detail: error.internalDetail }, 'an upload failed')
      if (pauseMs === null) throw new MediaError('UPLOAD_FAILED', error.message, { cause: error })
    }
    await delay(pauseMs, undefined, { signal: cancellationSignal() })
  }
}
