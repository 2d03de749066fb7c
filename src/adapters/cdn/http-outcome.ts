import { MediaError } from '../../domain/failures.ts'
import { exchange, HttpExchangeError, type HttpAnswer, type HttpCall } from '../http-exchange.ts'

/** Calls a CDN over HTTP. *Errors:* CDN_FAILED when no answer came; a cancel is passed on. */
export async function callCdn(cdnName: string, call: HttpCall): Promise<HttpAnswer> {
  try {
    return await exchange(call)
  } catch (error) {
    if (!(error instanceof HttpExchangeError)) throw error
    throw new MediaError('CDN_FAILED', `${cdnName} gave no answer: ${error.reason}`)
  }
}

/** The failure behind an answer: a 4xx other than 408 and 429 will be the same next time. */
export function cdnFailure(cdnName: string, answer: HttpAnswer, reason = ''): MediaError {
  const { status, retryAfterMs } = answer
  const isFinal = status >= 400 && status < 500 && status !== 408 && status !== 429
  return new MediaError(
    isFinal ? 'CDN_REJECTED' : 'CDN_FAILED',
    `${cdnName} answered ${status}${reason === '' ? '' : `: ${reason}`}`,
    retryAfterMs === undefined ? {} : { retryAfterMs },
  )
}
