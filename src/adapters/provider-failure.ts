import { APIConnectionTimeoutError, APIError, APIUserAbortError } from 'openai'
import { MediaError } from '../domain/failures.ts'
import { parseRetryAfterMs } from '../domain/retry-after.ts'
import { exchange, HttpExchangeError, type HttpAnswer, type HttpCall } from './http-exchange.ts'

/** Answers that may be another one next time. Every other refusal will be the same again. */
const isTransient = (status: number): boolean =>
  status >= 500 || status === 408 || status === 409 || status === 425 || status === 429

/** What a provider's status means. *Reason:* a short code of theirs, for operators. */
export const providerRefusal = (
  provider: string,
  answer: Pick<HttpAnswer, 'status'> & { readonly retryAfterMs?: number | undefined },
  reason = '',
): MediaError =>
  new MediaError(
    isTransient(answer.status) ? 'PROVIDER_UNAVAILABLE' : 'PROVIDER_REJECTED',
    `${provider} answered ${answer.status}${reason === '' ? '' : `: ${reason.slice(0, 300)}`}`,
    answer.retryAfterMs === undefined ? {} : { retryAfterMs: answer.retryAfterMs },
  )

/** One call, once. *Errors:* PROVIDER_UNAVAILABLE when no answer came, PROVIDER_OUTPUT_INVALID when a file
 * is larger than it may be; a cancel is passed on. */
export const callProvider = async (provider: string, call: HttpCall): Promise<HttpAnswer> => {
  try {
    return await exchange(call)
  } catch (error) {
    if (!(error instanceof HttpExchangeError)) throw error
    const isTooLong = error.reason === 'answer too long'
    throw new MediaError(
      isTooLong ? 'PROVIDER_OUTPUT_INVALID' : 'PROVIDER_UNAVAILABLE',
      `${provider} gave no answer: ${error.reason}`,
    )
  }
}

/** The JSON of an answer. *Errors:* PROVIDER_OUTPUT_INVALID for a page, or JSON that breaks off. */
export const jsonOf = (provider: string, { bodyText }: HttpAnswer): unknown => {
  try {
    return JSON.parse(bodyText) as unknown
  } catch {
    throw new MediaError('PROVIDER_OUTPUT_INVALID', `${provider} answered ${bodyText.slice(0, 80)}`)
  }
}

/** What the OpenAI client threw, in our terms. Rethrows the reason of a cancel. */
export const openaiFailure = (provider: string, error: unknown, signal: AbortSignal): unknown => {
  if (signal.aborted) return signal.reason
  if (error instanceof MediaError) return error
  if (error instanceof APIUserAbortError || error instanceof APIConnectionTimeoutError) {
    return new MediaError('PROVIDER_UNAVAILABLE', `${provider} gave no answer in time`)
  }
  if (!(error instanceof APIError)) {
    // The answer had a good status and a body that is not what its header says.
    const detail = error instanceof SyntaxError ? 'broken JSON' : String(error)
    return new MediaError('PROVIDER_OUTPUT_INVALID', `${provider}: ${detail}`)
  }
  const status = error.status as number | undefined
  if (status === undefined) {
    return new MediaError('PROVIDER_UNAVAILABLE', `${provider} gave no answer`)
  }
  // Said with 429 as well, but no waiting brings money.
  const isBroke = error.code === 'insufficient_quota'
  const retryAfter = (error.headers as Headers | undefined)?.get('retry-after') ?? undefined
  const retryAfterMs = parseRetryAfterMs(retryAfter, Date.now())
  return providerRefusal(
    provider,
    { status: isBroke ? 402 : status, retryAfterMs },
    error.code ?? error.type ?? '',
  )
}
