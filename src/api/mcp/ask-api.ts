import type { FastifyInstance, FastifyRequest } from 'fastify'

export interface ApiQuestion {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: unknown
  readonly idempotencyKey?: string | undefined
}

export interface ApiAnswer {
  readonly status: number
  readonly body: unknown
}

export type AskApi = (question: ApiQuestion) => Promise<ApiAnswer>

/**
 * Asks our own routes in the name of whoever sent a request: what a tool may do, and what it is
 * answered, is what the same key may do over HTTP. Never throws for what a route refuses.
 */
export const askInNameOf =
  (app: FastifyInstance, { headers, ip }: FastifyRequest): AskApi =>
  async ({ method, path, body, idempotencyKey }) => {
    const answer = await app.inject({
      method,
      url: path,
      // Rates are counted by address; ours would be everybody's.
      remoteAddress: ip,
      headers: {
        authorization: headers.authorization,
        ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
        ...(method === 'POST' && { 'content-type': 'application/json' }),
      },
      ...(method === 'POST' && { payload: JSON.stringify(body ?? null) }),
    })
    return { status: answer.statusCode, body: answer.json() }
  }
