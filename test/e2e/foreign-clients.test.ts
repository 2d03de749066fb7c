/** Programs that others wrote for the hosted service run against a base URL of ours, unchanged. */

import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { projectRoot } from '../../scripts/stack/toolchain.ts'
import type { JobAnswer } from '../../src/contracts/http/tasks/job.ts'
import { eventually } from '../support/eventually.ts'
import { HEARD, makeFilm, startTaskWorld, type TaskWorld } from '../support/task-world.ts'

const run = promisify(execFile)
const program = (name: string) => join(projectRoot, 'examples', 'tasks-clients', name)

let world: TaskWorld
let filmUrl = ''
beforeAll(async () => {
  world = await startTaskWorld()
  const film = await makeFilm(join(world.folder, 'film.mp4'))
  filmUrl = await world.publish('film.mp4', { path: film })
})
afterAll(async () => {
  await world?.close()
})

const clientEnv = () => ({
  PATH: process.env['PATH'],
  MEDIA_API_URL: world.stack.apiUrl,
  MEDIA_API_KEY: world.customer.key,
})

interface Wish {
  readonly kind: string
  readonly options: Record<string, unknown>
  readonly isRight: (file: Buffer) => void
}

const startsWith = (magic: RegExp) => (file: Buffer) => {
  expect(file.toString('latin1', 0, 16)).toMatch(magic)
}

const WISHES: [string, Wish][] = [
  [
    'a GIF of a video',
    { kind: 'video', options: { format: 'gif', width: 160 }, isRight: startsWith(/^GIF89a/) },
  ],
  [
    'the words of its sound as JSON',
    {
      kind: 'audio',
      options: { format: 'json' },
      isRight: (file) => {
        expect(JSON.parse(file.toString())).toMatchObject({ text: HEARD.text, language: 'en' })
      },
    },
  ],
  [
    'a WebP picture of it',
    {
      kind: 'image',
      options: { start: 2, width: 1280, format: 'webp' },
      isRight: startsWith(/^RIFF.{4}WEBP/s),
    },
  ],
]

describe('a client that polls gets', () => {
  test.each(WISHES)('%s', async (_what, { kind, options, isRight }) => {
    const outputPath = join(world.folder, `polled-${kind}`)
    await run(
      process.execPath,
      [program('polling-client.mjs'), filmUrl, kind, JSON.stringify(options), outputPath],
      { env: clientEnv(), timeout: 120_000 },
    )
    isRight(await readFile(outputPath))
  })

  test('a failure instead of a result that cannot be', async () => {
    const outputPath = join(world.folder, 'none')
    const args = [`${filmUrl}.gone`, 'video', '{}', outputPath]
    const client = run(process.execPath, [program('polling-client.mjs'), ...args], {
      env: clientEnv(),
    })
    await expect(client).rejects.toThrow(/task failed: .*SOURCE_NOT_FOUND/)
  })
})

describe('a server that waits for webhooks gets', () => {
  let server: ChildProcess
  let baseUrl = ''
  beforeAll(async () => {
    server = spawn(process.execPath, [program('webhook-server.mjs')], {
      env: clientEnv(),
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    for await (const line of createInterface({ input: server.stdout! })) {
      baseUrl = line.replace('listening on ', 'http://127.0.0.1:')
      break
    }
  })
  afterAll(async () => {
    if (server === undefined) return
    const gone = once(server, 'exit')
    server.kill()
    await gone
  })

  const json = async (path: string, init?: RequestInit) =>
    (await (await fetch(`${baseUrl}${path}`, init)).json()) as Record<string, string>

  test.each(WISHES)('%s', async (_what, { kind, options, isRight }) => {
    const body = JSON.stringify({ input: filmUrl, kind, options })
    const { task_id: id } = await json('/orders', { method: 'POST', body })
    const { url } = await eventually(async () => {
      const order = await json(`/orders/${id}`)
      if (order['status'] !== 'done') throw new Error(`the order is ${JSON.stringify(order)}`)
      return order
    }, 90_000)
    const file = await fetch(url ?? '')
    isRight(Buffer.from(await file.arrayBuffer()))
  })
})

test('a client of the newer dialect finds its job, with its own words and its own webhook', async () => {
  const body = { input: filmUrl, kind: 'image', options: { start: 1 }, webhook_url: world.hookUrl }
  const made = await world.customer.call<JobAnswer>('POST', '/jobs', { body })
  expect(made).toMatchObject({ status: 201, body: { object: 'job', status: 'queued' } })
  const job = await eventually(async () => {
    const { body: found } = await world.customer.call<JobAnswer>('GET', `/jobs/${made.body.id}`)
    if (found.status !== 'succeeded') throw new Error(`the job is ${found.status}`)
    return found
  }, 60_000)
  expect(job.output).toMatch(/^http/)
  expect(job.tasks).toMatchObject([
    { status: 'succeeded', output: { url: job.output, width: 320 } },
  ])
  expect(job.finished_at).toBeGreaterThan(job.created_at)
  const hook = await eventually(() => {
    const found = world
      .hooks()
      .find((each) => each['job_id'] === job.id && each['type'] !== 'job.progress')
    if (found === undefined) throw new Error('no webhook has come')
    return found
  })
  expect(hook).toMatchObject({
    id: job.tasks[0]?.id,
    type: 'job.succeeded',
    status: 'succeeded',
    kind: 'image',
    output: { url: expect.stringMatching(/^http/) as string },
  })
})
