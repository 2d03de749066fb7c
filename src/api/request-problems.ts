/** What is wrong with a request that was refused before its fields were looked at, and how to mend it. */

import type { FastifyRequest } from 'fastify'
import type { FieldProblem } from '../domain/failures.ts'

/** Those that call here sign what they send; a key would not help them. */
const SIGNED_ROUTES = /^\/(?:webhooks|files|play)\//

const keyFix = (url: string): string =>
  url.startsWith('/v1/admin/')
    ? 'Use the admin key, the SPOOL_ADMIN_KEY of the server.'
    : 'Use a key of an account; `npm start` writes one to .spool/stack.json.'

/** Of a request without a good key. */
export const keyProblems = ({ url, headers }: FastifyRequest): FieldProblem[] => {
  if (SIGNED_ROUTES.test(url)) return []
  const path = 'headers.authorization'
  const { authorization } = headers
  if (authorization === undefined) {
    return [{ path, message: 'is missing', fix: `Send "Authorization: Bearer …". ${keyFix(url)}` }]
  }
  if (!/^Bearer /i.test(authorization)) {
    return [{ path, message: 'is of another kind', fix: 'Send "Authorization: Bearer …".' }]
  }
  return [{ path, message: 'holds no key that is valid here', fix: keyFix(url) }]
}

/** Of a request that no route answers. */
export const ROUTE_PROBLEMS: readonly FieldProblem[] = [
  { path: 'url', message: 'is no route, or none with this method', fix: 'See /docs for all.' },
]

/** Of a body that could not be read; `status` is the one that Fastify found for it. */
export const bodyProblems = (request: FastifyRequest, status: number): FieldProblem[] => {
  const { headers, routeOptions } = request
  const path = ''
  if (status === 413) {
    const fix = `Send at most ${routeOptions.bodyLimit} bytes; files go to POST /v1/media.`
    return [{ path, message: 'is too large', fix }]
  }
  if (status === 415) {
    const types = (routeOptions.schema?.consumes ?? ['application/json']).join(' or ')
    const fix = `Send the header "Content-Type: ${types}".`
    return [{ path: 'headers.content-type', message: 'names nothing that this route reads', fix }]
  }
  if (headers['content-type']?.includes('json') !== true) return []
  return [{ path, message: 'is not whole, valid JSON', fix: 'Send one JSON object.' }]
}
