import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TaskAnswer } from '../../src/contracts/http/tasks/task.ts'
import { eventually } from './eventually.ts'
import {
  startFakeHttpService,
  type FakeHttpService,
  type RecordedRequest,
} from './fake-http-service.ts'
import { newCustomer, type Customer } from './stack-customer.ts'
import { ffmpeg } from './stack-media.ts'
import { startTestStack, type TestStack } from './stack.ts'

/** What the speech server hears in everything. */
export const HEARD = { language: 'english', text: 'Hello there, how are you?' }

/** A stack with one worker, a speech server, a translator, and somebody else's server that has files and takes webhooks. */
export interface TaskWorld {
  readonly stack: TestStack
  readonly customer: Customer
  readonly folder: string
  /** The URL of a file of the customer's own server. */
  readonly publish: (
    name: string,
    file: { path: string } | { body: string | Buffer },
  ) => Promise<string>
  readonly hookUrl: string
  /** The bodies of the webhooks that came, oldest first. */
  readonly hooks: () => readonly Record<string, unknown>[]
  readonly task: (id: string) => Promise<TaskAnswer>
  /** The task, when it is over. */
  readonly ended: (id: string) => Promise<TaskAnswer>
  readonly close: () => Promise<void>
}

const speech = JSON.stringify({
  ...HEARD,
  duration: 2,
  segments: [{ id: 0, start: 0.2, end: 1.8, text: ` ${HEARD.text}` }],
  words: HEARD.text.split(' ').map((word, index) => ({
    word,
    start: 0.2 + index * 0.3,
    end: 0.4 + index * 0.3,
  })),
})

/** LibreTranslate, of which only capitals come. */
const translated = (asked: string): string => {
  const { q } = JSON.parse(asked) as { q: string | string[] }
  const translatedText = Array.isArray(q) ? q.map((text) => text.toUpperCase()) : q.toUpperCase()
  return JSON.stringify({ translatedText })
}

const answersOf = (files: Map<string, Buffer>) => (request: RecordedRequest) => {
  if (request.url === '/translate') return { body: translated(request.body) }
  if (request.url.endsWith('/audio/transcriptions')) {
    return { headers: { 'content-type': 'application/json' }, body: speech }
  }
  if (request.method === 'POST') return { status: 204 }
  const body = files.get(request.url)
  return body === undefined ? { status: 404 } : { body }
}

export const startTaskWorld = async (env: Record<string, string> = {}): Promise<TaskWorld> => {
  const folder = mkdtempSync(join(tmpdir(), 'spool-tasks-'))
  const files = new Map<string, Buffer>()
  const server: FakeHttpService = await startFakeHttpService(answersOf(files))
  const stops: (() => Promise<unknown>)[] = [
    server.close,
    async () => rmSync(folder, { recursive: true, force: true }),
  ]
  const close = async () => {
    for (const stop of stops.splice(0).toReversed()) await stop()
  }
  try {
    const stack = await startTestStack({
      SPOOL_ALLOW_PRIVATE_SOURCES: `127.0.0.1:${server.port},127.0.0.1`,
      SPOOL_SPEECH: 'openai',
      SPOOL_SPEECH_URL: `${server.baseUrl}/v1`,
      SPOOL_SPEECH_API_KEY: 'nobody-asks',
      SPOOL_TRANSLATOR: 'libretranslate',
      SPOOL_TRANSLATOR_URL: server.baseUrl,
      ...env,
    })
    stops.push(stack.stop)
    await stack.addWorker()
    const customer = await newCustomer(stack, { credits: 1_000 })
    const task = async (id: string) =>
      (await customer.call<TaskAnswer>('GET', `/v1/tasks/${id}`)).body
    return {
      stack,
      customer,
      folder,
      publish: async (name, file) => {
        const path = `/files/${name}`
        files.set(path, 'path' in file ? await readFile(file.path) : Buffer.from(file.body))
        return `${server.baseUrl}${path}`
      },
      hookUrl: `${server.baseUrl}/hooks`,
      hooks: () =>
        server.requests
          .filter(({ url }) => url === '/hooks')
          .map(({ body }) => JSON.parse(body) as Record<string, unknown>),
      task,
      ended: (id) =>
        eventually(async () => {
          const found = await task(id)
          if (['completed', 'failed', 'canceled'].includes(found.status)) return found
          throw new Error(`${id} is ${found.status}`)
        }, 90_000),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Two seconds of moving pictures with a beep. */
export const makeFilm = async (path: string, ...encode: string[]): Promise<string> => {
  await ffmpeg(
    ...['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25:duration=3'],
    ...['-f', 'lavfi', '-i', 'sine=frequency=440:duration=3'],
    ...(encode.length > 0 ? encode : ['-pix_fmt', 'yuv420p', '-c:a', 'aac']),
    path,
  )
  return path
}
