/**
 * The one catalogue of what can go wrong. A new failure is a new row; every exhaustive switch over
 * `FailureCode` then points at the code that has to decide about it.
 */

/** `outcome-unknown`: the effect may have happened; look it up by its key before trying again. */
export type RetryAdvice = 'yes' | 'no' | 'outcome-unknown'

export type Blame = 'caller' | 'provider' | 'platform'

export interface FailureRule {
  readonly retry: RetryAdvice
  readonly blame: Blame
  readonly httpStatus: number
  /** A sentence fit for a client: never a provider's own words, never a path or an address. */
  readonly publicMessage: string
}

const rule = (
  httpStatus: number,
  blame: Blame,
  retry: RetryAdvice,
  publicMessage: string,
): FailureRule => ({ httpStatus, blame, retry, publicMessage })

export const FAILURES = {
  INPUT_INVALID: rule(422, 'caller', 'no', 'The request has fields that cannot be accepted.'),
  BODY_MALFORMED: rule(400, 'caller', 'no', 'The body is not what this route reads.'),
  BODY_TOO_LARGE: rule(413, 'caller', 'no', 'The body is larger than this route accepts.'),
  UNAUTHENTICATED: rule(401, 'caller', 'no', 'A valid API key is needed.'),
  FORBIDDEN: rule(403, 'caller', 'no', 'This key may not do that.'),
  NOT_FOUND: rule(404, 'caller', 'no', 'There is nothing under this id.'),
  CONFLICT: rule(409, 'caller', 'no', 'The request contradicts the present state.'),
  IDEMPOTENCY_CONFLICT: rule(
    409,
    'caller',
    'no',
    'This Idempotency-Key was used with another body; another order needs another key.',
  ),
  IDEMPOTENCY_IN_PROGRESS: rule(
    409,
    'caller',
    'yes',
    'A request with this Idempotency-Key is still being handled.',
  ),
  INSUFFICIENT_CREDITS: rule(402, 'caller', 'no', 'The account has too few credits for this.'),
  RANGE_UNSATISFIABLE: rule(416, 'caller', 'no', 'The file does not have this range.'),
  RATE_LIMITED: rule(429, 'caller', 'yes', 'Too many requests; slow down.'),
  MEDIA_UNREADABLE: rule(422, 'caller', 'no', 'The file is not readable media.'),
  MEDIA_UNSUPPORTED: rule(422, 'caller', 'no', 'This kind of media is not accepted.'),
  MEDIA_IS_PAGE: rule(
    422,
    'caller',
    'no',
    'This is a web page, and neither a media file nor the page of a known video site.',
  ),
  MEDIA_NO_AUDIO: rule(422, 'caller', 'no', 'The file has no audio stream.'),
  MEDIA_NO_VIDEO: rule(422, 'caller', 'no', 'The file has no pictures of the kind that is needed.'),
  MEDIA_RANGE_EMPTY: rule(
    422,
    'caller',
    'no',
    'The media ends before the part that was asked for.',
  ),
  MEDIA_TOO_LARGE: rule(422, 'caller', 'no', 'The media is larger or longer than is allowed.'),
  SOURCE_FORBIDDEN: rule(422, 'caller', 'no', 'This source address may not be fetched.'),
  SOURCE_NOT_FOUND: rule(
    422,
    'caller',
    'no',
    'The source does not have the file, or does not hand it out.',
  ),
  SOURCE_LIVE: rule(422, 'caller', 'no', 'A live stream cannot be taken in before it is over.'),
  SOURCE_IS_LIST: rule(422, 'caller', 'no', 'The address is of a list of videos, not of one.'),
  SOURCE_UNAVAILABLE: rule(422, 'caller', 'yes', 'The source could not be reached.'),
  RENDERER_UNAVAILABLE: rule(502, 'provider', 'yes', 'The renderer could not be reached.'),
  RENDERER_REJECTED: rule(502, 'provider', 'no', 'The renderer refused the task.'),
  RENDERER_FAILED: rule(502, 'provider', 'no', 'The renderer could not finish the task.'),
  RENDERER_STALLED: rule(504, 'provider', 'yes', 'No renderer gave a sign of life.'),
  RENDERER_OUTPUT_INVALID: rule(
    502,
    'provider',
    'no',
    'The renderer delivered something other than what was asked for.',
  ),
  NOT_CONFIGURED: rule(409, 'platform', 'no', 'This server is not set up for that.'),
  LANGUAGE_UNSUPPORTED: rule(422, 'caller', 'no', 'The provider does not know this language.'),
  SUBTITLES_UNREADABLE: rule(422, 'caller', 'no', 'The file is not readable as subtitles.'),
  PROVIDER_UNAVAILABLE: rule(502, 'provider', 'yes', 'The provider could not be reached.'),
  PROVIDER_REJECTED: rule(
    502,
    'provider',
    'no',
    'The provider refused the request: it does not take, or not allow, what was asked.',
  ),
  PROVIDER_OUTPUT_INVALID: rule(
    502,
    'provider',
    'yes',
    'The provider delivered something other than what was asked for.',
  ),
  PROVIDER_FAILED: rule(502, 'provider', 'no', 'The provider could not finish the work.'),
  PROVIDER_OUTCOME_UNKNOWN: rule(
    502,
    'provider',
    'outcome-unknown',
    'The provider may have taken the order, and did not say so.',
  ),
  JOB_INPUT_FAILED: rule(
    502,
    'provider',
    'no',
    'Another job, whose result this one needs, failed.',
  ),
  CREDIT_LIMIT_REACHED: rule(402, 'caller', 'no', 'The plan has reached its limit on credits.'),
  CLIP_IN_WORK: rule(
    409,
    'caller',
    'no',
    'The clip is being made again already; wait for its end.',
  ),
  CLIP_GONE: rule(410, 'caller', 'no', 'The clip, or the video it was cut from, is gone.'),
  NO_MOMENT_LEFT: rule(409, 'caller', 'no', 'The video has no other moment of the length.'),
  CDN_FAILED: rule(502, 'provider', 'yes', 'The CDN did not take the invalidation.'),
  CDN_REJECTED: rule(502, 'provider', 'no', 'The CDN refused the invalidation.'),
  NOTIFICATION_FAILED: rule(502, 'provider', 'yes', 'A notification could not be delivered.'),
  NOTIFICATION_REJECTED: rule(502, 'provider', 'no', 'A notification was refused.'),
  ENDPOINT_GONE: rule(410, 'caller', 'no', 'The webhook endpoint says that it is gone.'),
  ENCODER_CRASHED: rule(500, 'platform', 'yes', 'The encoder stopped unexpectedly.'),
  ENCODER_TIMEOUT: rule(500, 'platform', 'yes', 'The encoder took longer than is allowed.'),
  STORAGE_UNAVAILABLE: rule(503, 'platform', 'yes', 'The storage could not be reached.'),
  UPLOAD_FAILED: rule(500, 'platform', 'no', 'What was made could not be stored.'),
  STORAGE_NOT_FOUND: rule(500, 'platform', 'no', 'A stored file is missing.'),
  DISK_FULL: rule(503, 'platform', 'yes', 'The machine has no room left for this work.'),
  DATABASE_UNAVAILABLE: rule(503, 'platform', 'yes', 'The database could not be reached.'),
  TEMPORAL_UNAVAILABLE: rule(503, 'platform', 'yes', 'The workflow service could not be reached.'),
  HOLD_CONFLICT: rule(409, 'platform', 'no', 'The credit hold has already ended another way.'),
  CANCELED: rule(409, 'caller', 'no', 'The work was canceled.'),
  OVERLOADED: rule(503, 'platform', 'yes', 'The server could not answer in time.'),
  INTERNAL: rule(500, 'platform', 'yes', 'Something went wrong on our side.'),
} as const satisfies Record<string, FailureRule>

export type FailureCode = keyof typeof FAILURES

export const isFailureCode = (value: unknown): value is FailureCode =>
  typeof value === 'string' && Object.hasOwn(FAILURES, value)

export const failureRule = (code: FailureCode): FailureRule => FAILURES[code]

/** What may be shown to a client of a failure: the code and its public sentence. */
export interface PublicFailure {
  readonly code: FailureCode
  readonly message: string
}

export const publicFailure = (code: FailureCode): PublicFailure => ({
  code,
  message: FAILURES[code].publicMessage,
})

/** One refused field of a request: where it is, what is wrong, how to mend it. */
export interface FieldProblem {
  readonly path: string
  readonly message: string
  readonly fix: string
}

/**
 * What adapters and the domain throw. `internalDetail` is for logs and operators and never reaches
 * a client; `retryAfterMs` is the provider's own wish (its Retry-After), where it gave one. `isFinal`:
 * trying again does not help this time, though it usually does with this code.
 */
export class MediaError extends Error {
  readonly code: FailureCode
  readonly internalDetail: string
  readonly retryAfterMs: number | undefined
  readonly isFinal: boolean
  readonly problems: readonly FieldProblem[]

  constructor(
    code: FailureCode,
    internalDetail: string,
    options: {
      cause?: unknown
      retryAfterMs?: number
      isFinal?: boolean
      problems?: readonly FieldProblem[]
    } = {},
  ) {
    super(`${code}: ${internalDetail}`, { cause: options.cause })
    this.name = 'MediaError'
    this.code = code
    this.internalDetail = internalDetail
    this.retryAfterMs = options.retryAfterMs
    this.isFinal = options.isFinal ?? false
    this.problems = options.problems ?? []
  }
}
