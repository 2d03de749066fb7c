import { createWriteStream, openAsBlob } from 'node:fs'
import { basename } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import type { Problem } from '../../src/contracts/http/problem.ts'

/** One server-sent event. */
export type ServerEvent = { id: string; type: string; data: unknown }

/** The API answered with a problem; the message says what is wrong and how to mend it. */
export class Refusal extends Error {
  readonly code: string

  constructor(problem: Problem) {
    const fields = problem.errors.map(({ path, message, fix }) => `${path} ${message}. ${fix}`)
    super(fields.join(' ') || problem.detail)
    this.code = problem.code
  }
}

/** The few calls that the demo makes. All throw Refusal, or an error when the API is away. */
export type SpoolClient = {
  get: <Answer>(path: string, signal?: AbortSignal) => Promise<Answer>
  post: <Answer>(path: string, body: object, signal?: AbortSignal) => Promise<Answer>
  upload: <Answer>(path: string, file: string, signal?: AbortSignal) => Promise<Answer>
  /** The events after `lastEventId`, until the server ends the stream. */
  events: (path: string, lastEventId: string, signal?: AbortSignal) => AsyncGenerator<ServerEvent>
}

/** A client for the API at `apiUrl`, as the account that has the key. */
export function createSpoolClient(apiUrl: string, apiKey: string): SpoolClient {
  const request = async (path: string, init: RequestInit): Promise<Response> => {
    const headers = new Headers(init.headers)
    headers.set('authorization', `Bearer ${apiKey}`)
    const response = await reach(`${apiUrl}${path}`, { ...init, headers })
    if (response.ok) return response
    throw await refusalOf(response)
  }
  const answer = async <Answer>(path: string, init: RequestInit): Promise<Answer> =>
    (await (await request(path, init)).json()) as Answer
  return {
    get: (path, signal) => answer(path, { ...(signal && { signal }) }),
    post: (path, body, signal) =>
      answer(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        ...(signal && { signal }),
      }),
    upload: async (path, file, signal) => {
      const body = new FormData()
      body.append('file', await openAsBlob(file), basename(file))
      return answer(path, { method: 'POST', body, ...(signal && { signal }) })
    },
    async *events(path, lastEventId, signal) {
      const headers = { ...(lastEventId !== '' && { 'last-event-id': lastEventId }) }
      const response = await request(path, { headers, ...(signal && { signal }) })
      if (response.body) yield* serverEvents(response.body)
    },
  }
}

/** Fetches a signed URL into a file. */
export async function download(url: string, file: string): Promise<void> {
  const response = await reach(url, {})
  if (!response.ok || !response.body) throw await refusalOf(response)
  await pipeline(Readable.fromWeb(response.body), createWriteStream(file))
}

async function reach(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init)
  } catch (error) {
    if (init.signal?.aborted) throw error
    throw new Error(`The API at ${new URL(url).origin} cannot be reached.`, { cause: error })
  }
}

async function refusalOf(response: Response): Promise<Error> {
  const text = await response.text()
  if (response.headers.get('content-type')?.startsWith('application/problem+json')) {
    return new Refusal(JSON.parse(text) as Problem)
  }
  return new Error(`The API answered ${response.status} ${text.slice(0, 200)}`.trim())
}

async function* serverEvents(body: ReadableStream): AsyncGenerator<ServerEvent> {
  let fields: Record<string, string> = {}
  for await (const line of createInterface({ input: Readable.fromWeb(body) })) {
    if (line !== '') {
      const [, name, value = ''] = /^([a-z]+): ?(.*)$/.exec(line) ?? []
      // A line without a name is a comment that keeps the connection open.
      if (name !== undefined) fields[name] = value
      continue
    }
    const { id = '', event: type = 'message', data } = fields
    fields = {}
    if (data !== undefined) yield { id, type, data: JSON.parse(data) as unknown }
  }
}
