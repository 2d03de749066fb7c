import { MediaError } from '../../domain/failures.ts'
import { exchange, HttpExchangeError, type HttpAnswer, type HttpCall } from '../http-exchange.ts'

/** Calls an alert target. *Errors:* NOTIFICATION_FAILED when no answer came; a cancel is passed on. */
export async function callTarget(name: string, call: HttpCall): Promise<HttpAnswer> {
  try {
    return await exchange(call)
  } catch (error) {
    if (!(error instanceof HttpExchangeError)) throw error
    throw new MediaError('NOTIFICATION_FAILED', `${name} gave no answer: ${error.reason}`)
  }
}

/** The failure behind an answer: other 4xx than 408 and 429, and redirects, stay the same next time. */
export function targetFailure(
  name: string,
  answer: Pick<HttpAnswer, 'status' | 'retryAfterMs'>,
  reason = '',
): MediaError {
  const { status, retryAfterMs } = answer
  const isFinal = status >= 300 && status < 500 && status !== 408 && status !== 429
  return new MediaError(
    isFinal ? 'NOTIFICATION_REJECTED' : 'NOTIFICATION_FAILED',
    `${name} answered ${status}${reason === '' ? '' : `: ${reason}`}`,
    retryAfterMs === undefined ? {} : { retryAfterMs },
  )
}
