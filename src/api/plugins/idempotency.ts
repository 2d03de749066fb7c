/**
 * `Idempotency-Key`: the first answer of a creating request is given to every repetition.
 *
 * Only successes are kept: a refusal has created nothing, so the key is free again and a mended body
 * may use it. After a 5xx nobody knows what happened; the key then stays bound to its body, and the
 * next try makes the same ids, so whatever the first one had started is found and not doubled.
 */

import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { MediaError } from '../../domain/failures.ts'
import { makeId, type AccountId, type IdKind } from '../../domain/ids.ts'
import { base62 } from '../base62.ts'
import type { ApiDependencies } from '../dependencies.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** `true`: the parsed body is the request. `'after-upload'`: the handler calls `claimKey` when it
     * knows what was uploaded. */
    idempotent?: true | 'after-upload'
    /** Fields of the answer that are secrets: they are not kept, a repetition shows null. */
    secretFields?: readonly string[]
  }
  interface FastifyRequest {
    idempotency: Idempotency
  }
}

interface Idempotency {
  seed: string
  made: number
  claimed: { readonly accountId: AccountId; readonly key: string } | null
}

const KEY_PATTERN = /^[\x21-\x7e]{1,200}$/
/** How long a repetition waits for the first request before it is told to come back. */
const WAIT_MS_MAX = 10_000
const WAIT_STEP_MS = 60

/** A new id; a repeated request makes the same ids in the same order. */
export const newId = <K extends IdKind>(request: FastifyRequest, kind: K) => {
  const { idempotency } = request
  idempotency.made += 1
  const digest = createHash('sha256').update(`${idempotency.seed}/${kind}/${idempotency.made}`)
  return makeId(kind, base62(digest.digest(), 24))
}

const keyOf = (request: FastifyRequest): string | null => {
  const header = request.headers['idempotency-key']
  if (header === undefined) return null
  if (typeof header === 'string' && KEY_PATTERN.test(header)) return header
  const fix = 'Send 1 to 200 visible ASCII characters.'
  throw new MediaError('INPUT_INVALID', 'unusable Idempotency-Key', {
    problems: [{ path: 'Idempotency-Key', message: 'is not usable as a key', fix }],
  })
}

/**
 * Claims the request's key for what it asks (`content`: the body, or what names an upload). True: the
 * reply has been given, from the first answer. *Errors:* IDEMPOTENCY_CONFLICT, IDEMPOTENCY_IN_PROGRESS.
 */
export const claimKey = async (
  { repositories }: Pick<ApiDependencies, 'repositories'>,
  request: FastifyRequest,
  reply: FastifyReply,
  content: unknown,
): Promise<boolean> => {
  const key = keyOf(request)
  const accountId = request.keyOwner
  if (key === null || accountId === null) return false
  const path = request.url.split('?', 1)[0]
  const asked = JSON.stringify([request.method, path, content ?? null])
  const requestHash = createHash('sha256').update(asked).digest('hex')
  const endMs = Date.now() + WAIT_MS_MAX
  for (;;) {
    const claim = await repositories.idempotency.claim({
      accountId,
      key,
      requestHash,
      seed: request.idempotency.seed,
    })
    if (claim.state === 'conflict') {
      throw new MediaError('IDEMPOTENCY_CONFLICT', 'the key was used with another body')
    }
    if (claim.state === 'replay') {
      void reply.code(claim.status).header('idempotency-replayed', 'true').send(claim.body)
      return true
    }
    if (claim.state === 'new') {
      request.idempotency.seed = claim.seed
      request.idempotency.claimed = { accountId, key }
      return false
    }
    if (Date.now() > endMs) throw new MediaError('IDEMPOTENCY_IN_PROGRESS', 'still being handled')
    await delay(WAIT_STEP_MS)
  }
}

const kept = (payload: unknown, secretFields: readonly string[]): unknown => {
  const body: unknown = typeof payload === 'string' && payload !== '' ? JSON.parse(payload) : null
  if (secretFields.length === 0 || typeof body !== 'object' || body === null) return body
  return { ...body, ...Object.fromEntries(secretFields.map((name) => [name, null])) }
}

export const idempotency = fastifyPlugin<Pick<ApiDependencies, 'repositories'>>(
  async (app, dependencies) => {
    app.decorateRequest('idempotency')
    app.addHook('onRequest', async (request) => {
      request.idempotency = { seed: randomUUID(), made: 0, claimed: null }
    })
    app.addHook('preHandler', async (request, reply) => {
      if (request.routeOptions.config.idempotent !== true) return
      if (await claimKey(dependencies, request, reply, request.body)) return reply
    })
    app.addHook('onSend', async (request, reply, payload) => {
      const { claimed } = request.idempotency
      if (claimed === null) return payload
      request.idempotency.claimed = null
      const status = reply.statusCode
      const { idempotency: keys } = dependencies.repositories
      try {
        if (status < 300) {
          const body = kept(payload, request.routeOptions.config.secretFields ?? [])
          await keys.complete({ ...claimed, status, body })
        } else {
          await keys.release({ ...claimed, effects: status < 500 ? 'none' : 'unknown' })
        }
      } catch (error) {
        // The work is done and the answer is right; a repetition finds the same ids by the seed.
        request.log.error({ err: error }, 'an idempotency key could not be settled')
      }
      return payload
    })
  },
)
