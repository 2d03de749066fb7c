import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { problem } from '../../contracts/http/problem.ts'
import type { ApiDependencies } from '../dependencies.ts'
import type { ApiMetrics } from '../metrics.ts'
import type { WorkflowService } from '../workflow-service.ts'

/** The application, as routes see it: bodies and answers typed by their schemas. */
export type Api = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>

/** What every route is made with. */
export interface RouteContext extends ApiDependencies {
  readonly workflows: WorkflowService
  readonly apiMetrics: ApiMetrics
}

const problemAnswer = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: problem } },
})

const PROBLEMS = {
  400: problemAnswer('The request cannot be read.'),
  401: problemAnswer('No valid key, or no valid signature.'),
  402: problemAnswer('Too few credits; `neededCredits` and `availableCredits` say how many.'),
  403: problemAnswer('Not allowed, or expired.'),
  404: problemAnswer('Nothing of yours under this id.'),
  409: problemAnswer('The request contradicts the present state, or an Idempotency-Key.'),
  410: problemAnswer('What is needed of this is gone for good.'),
  413: problemAnswer('Too large.'),
  416: problemAnswer('No such range.'),
  422: problemAnswer('Fields that cannot be accepted, each with its path and how to mend it.'),
  429: problemAnswer('Too many requests.'),
  503: problemAnswer('A part of the server is away; come back after `Retry-After` seconds.'),
} as const

/** The errors of a route, for its description. 429 and 503 can meet every request. */
export const problems = <Status extends keyof typeof PROBLEMS>(...statuses: Status[]) =>
  Object.fromEntries(
    [...statuses, 429 as const, 503 as const].map((status) => [status, PROBLEMS[status]]),
  ) as Record<Status | 429 | 503, (typeof PROBLEMS)[429]>

/** For routes by which something is ordered: the order has a deadline of its own, after which the answer is
 * a 503 that says so. */
export const orderTimeoutMs = ({ settings }: Pick<RouteContext, 'settings'>): number =>
  settings.admissionTimeoutMs + settings.handlerTimeoutMs

/** For routes whose time is their client's: streams and uploads. Fastify knows no "never". */
export const UNHURRIED_MS = 24 * 60 * 60 * 1000
