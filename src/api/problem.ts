/** Turns whatever was thrown into the one shape of error that clients see. */

import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Problem } from '../contracts/http/problem.ts'
import { failureRule, MediaError, type FailureCode, type FieldProblem } from '../domain/failures.ts'
import { bodyProblems, keyProblems, ROUTE_PROBLEMS } from './request-problems.ts'

/** What a client waits before it tries again, when nobody knows better. */
const RETRY_AFTER_SECONDS = 2

interface Verdict {
  readonly code: FailureCode
  readonly status: number
  readonly retryAfterSeconds?: number
  readonly errors: Problem['errors']
  readonly extra: Readonly<Record<string, unknown>>
}

/** A failure that the answer has facts about: how many credits are missing, say, or a `detail` that
 * is fit for the client and says more than the catalogue. */
export class FailureWithFacts extends MediaError {
  readonly facts: Readonly<Record<string, unknown>>

  constructor(
    code: FailureCode,
    detail: string,
    facts: Readonly<Record<string, unknown>>,
    problems: readonly FieldProblem[] = [],
  ) {
    super(code, detail, { problems })
    this.facts = facts
  }
}

const verdictOf = (code: FailureCode, changes: Partial<Verdict> = {}): Verdict => ({
  code,
  status: failureRule(code).httpStatus,
  errors: [],
  extra: {},
  ...changes,
})

/** What the failure itself says, else what can be said of the request. */
const problemsOf = (error: MediaError, request: FastifyRequest): Verdict['errors'] =>
  error.problems.length === 0 && error.code === 'UNAUTHENTICATED'
    ? keyProblems(request)
    : [...error.problems]

const ofMediaError = (error: MediaError, request: FastifyRequest): Verdict => {
  const { retryAfterMs } = error
  if (request.is404 && error.code === 'NOT_FOUND') {
    return verdictOf('NOT_FOUND', {
      errors: [...ROUTE_PROBLEMS],
      extra: { detail: 'There is no such route.' },
    })
  }
  const isAway = failureRule(error.code).httpStatus === 503 || error.code.endsWith('_IN_PROGRESS')
  const waitSeconds = retryAfterMs === undefined ? RETRY_AFTER_SECONDS : retryAfterMs / 1000
  return verdictOf(error.code, {
    errors: problemsOf(error, request),
    extra: error instanceof FailureWithFacts ? error.facts : {},
    ...(isAway || retryAfterMs !== undefined
      ? { retryAfterSeconds: Math.max(1, Math.ceil(waitSeconds)) }
      : {}),
  })
}

/** What Fastify and its plugins throw, by their codes; their messages are not for clients. */
const ofFastifyError = (error: FastifyError, request: FastifyRequest): Verdict => {
  const status = error.statusCode ?? 500
  if (status === 413) {
    return verdictOf('BODY_TOO_LARGE', { errors: bodyProblems(request, status) })
  }
  if (status === 429) return verdictOf('RATE_LIMITED')
  if (status === 404) return verdictOf('NOT_FOUND')
  if (error.code === 'FST_ERR_HANDLER_TIMEOUT' || status === 503) {
    return verdictOf('OVERLOADED', { retryAfterSeconds: RETRY_AFTER_SECONDS })
  }
  if (status >= 400 && status < 500) {
    return verdictOf('BODY_MALFORMED', { status, errors: bodyProblems(request, status) })
  }
  return verdictOf('INTERNAL')
}

const judge = (error: unknown, request: FastifyRequest): Verdict => {
  if (error instanceof MediaError) return ofMediaError(error, request)
  return error instanceof Error
    ? ofFastifyError(error as FastifyError, request)
    : verdictOf('INTERNAL')
}

const titleOf = (code: FailureCode): string =>
  code.charAt(0) + code.slice(1).toLowerCase().replaceAll('_', ' ')

/** Answers a request with a problem. Never throws, never shows an internal detail. */
export const sendProblem = (
  request: FastifyRequest,
  reply: FastifyReply,
  error: unknown,
): FastifyReply => {
  const { code, status, retryAfterSeconds, errors, extra } = judge(error, request)
  if (status >= 500) request.log.error({ code, err: error }, 'request failed')
  else request.log.info({ code, detail: error instanceof MediaError ? error.internalDetail : '' })
  if (retryAfterSeconds !== undefined) void reply.header('retry-after', retryAfterSeconds)
  if (status === 401) void reply.header('www-authenticate', 'Bearer')
  const body: Problem = {
    detail: failureRule(code).publicMessage,
    ...extra,
    code,
    title: titleOf(code),
    status,
    requestId: request.id,
    errors,
  }
  return (
    reply
      .code(status)
      .type('application/problem+json')
      // A string passes by the route's own serializer, which knows the answers of success only.
      .send(JSON.stringify(body))
  )
}
