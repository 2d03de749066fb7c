import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import type { ExecutionAnswer } from '../../src/contracts/http/executions.ts'
import type { Media } from '../../src/contracts/http/media.ts'
import type { Video } from '../../src/contracts/http/videos.ts'
import { isExecutionOver } from '../../src/domain/statuses.ts'
import { eventually } from './eventually.ts'
import type { TestStack } from './stack.ts'

/** What an HTTP call answered. */
export interface Answer<Body = Record<string, unknown>> {
  readonly status: number
  readonly headers: Headers
  readonly body: Body
}

/** The body of `202` to an order of a render. */
export interface AcceptedRender {
  readonly executionId: string
  readonly workflowId: string
  readonly creditsHeld: number
}

/** An account of a stack, and what its owner does over HTTP. */
export interface Customer {
  readonly accountId: string
  /** The bearer key, for programs that call by themselves. */
  readonly key: string
  readonly call: <Body = Record<string, unknown>>(
    method: string,
    path: string,
    options?: { readonly body?: unknown; readonly headers?: Record<string, string> },
  ) => Promise<Answer<Body>>
  /** A GET whose answer is read as it comes. */
  readonly open: (path: string, headers?: Record<string, string>) => Promise<Response>
  readonly upload: (path: string) => Promise<Answer<Media>>
  readonly makeVideo: (input: Record<string, unknown>) => Promise<Video>
  /** Orders a render and expects it to be taken. */
  readonly order: (videoId: string) => Promise<AcceptedRender>
  readonly video: (id: string) => Promise<Video>
  readonly execution: (id: string) => Promise<ExecutionAnswer>
  /** Waits until the execution is in one of the states. */
  readonly until: (
    executionId: string,
    reached: (execution: ExecutionAnswer) => boolean,
    timeoutMs?: number,
  ) => Promise<ExecutionAnswer>
  readonly untilOver: (executionId: string, timeoutMs?: number) => Promise<ExecutionAnswer>
}

const LONGEST_RENDER_MS = 120_000

/** Opens an account with `credits` on it. */
export const newCustomer = async (
  stack: Pick<TestStack, 'apiUrl' | 'adminKey'>,
  account: { readonly credits: number; readonly plan?: string; readonly email?: string },
): Promise<Customer> => {
  const admin = caller(stack.apiUrl, stack.adminKey)
  const { plan = 'creator', email = null, credits } = account
  const opened = expecting(
    201,
    await admin<{ id: string }>('POST', '/v1/admin/accounts', {
      body: { name: 'Customer', plan, email },
    }),
  )
  const path = `/v1/admin/accounts/${opened.id}`
  if (credits > 0) {
    const body = { amountCredits: credits, reference: `first-${opened.id}` }
    expecting(201, await admin('POST', `${path}/top-ups`, { body }))
  }
  const { key } = expecting(201, await admin<{ key: string }>('POST', `${path}/keys`, { body: {} }))
  return customerOf(stack.apiUrl, { accountId: opened.id, key })
}

const customerOf = (apiUrl: string, account: { accountId: string; key: string }): Customer => {
  const call = caller(apiUrl, account.key)
  const execution = async (id: string) =>
    expecting(200, await call<ExecutionAnswer>('GET', `/v1/executions/${id}`))
  const until: Customer['until'] = (executionId, reached, timeoutMs = LONGEST_RENDER_MS) =>
    eventually(async () => {
      const found = await execution(executionId)
      if (reached(found)) return found
      throw new Error(`${executionId} is ${JSON.stringify(found, null, 1)}`)
    }, timeoutMs)
  return {
    accountId: account.accountId,
    key: account.key,
    call,
    open: (path, headers = {}) =>
      fetch(`${apiUrl}${path}`, {
        headers: { authorization: `Bearer ${account.key}`, ...headers },
      }),
    upload: async (path) => {
      const form = new FormData()
      form.append('file', new Blob([await readFile(path)]), basename(path))
      return await call<Media>('POST', '/v1/media', { body: form })
    },
    makeVideo: async (body) => expecting(201, await call<Video>('POST', '/v1/videos', { body })),
    order: async (videoId) =>
      expecting(202, await call<AcceptedRender>('POST', `/v1/videos/${videoId}/renders`)),
    video: async (id) => expecting(200, await call<Video>('GET', `/v1/videos/${id}`)),
    execution,
    until,
    untilOver: (executionId, timeoutMs) =>
      until(executionId, ({ status }) => isExecutionOver(status), timeoutMs),
  }
}

const caller =
  (apiUrl: string, key: string): Customer['call'] =>
  async <Body>(
    method: string,
    path: string,
    options: { readonly body?: unknown; readonly headers?: Record<string, string> } = {},
  ): Promise<Answer<Body>> => {
    const { body, headers = {} } = options
    const isForm = body instanceof FormData
    const response = await fetch(`${apiUrl}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined || isForm ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const parsed = (text === '' ? null : JSON.parse(text)) as Body
    return { status: response.status, headers: response.headers, body: parsed }
  }

const expecting = <Body>(status: number, answer: Answer<Body>): Body => {
  if (answer.status === status) return answer.body
  throw new Error(`answered ${answer.status} and not ${status}: ${JSON.stringify(answer.body)}`)
}
