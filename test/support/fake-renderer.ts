import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { newWebhookSecret, signWebhook } from '../../src/adapters/webhooks/standard-webhooks.ts'
import { ffmpeg } from './stack-media.ts'

/** How a renderer behaves towards a job; whatever is missing it does well. */
export interface RenderScript {
  /** How it takes the order: `hangs` never answers, `loses` takes it and cuts the connection, `page`
   * answers with HTML, a number is a status. */
  readonly order?: 'takes' | 'hangs' | 'loses' | 'page' | number
  /** `silent` gives no sign of life any more; `alive` does, and ends when it is told to. */
  readonly work?: 'completes' | 'fails' | 'silent' | 'alive'
  /** How it answers when it is asked for the task. */
  readonly asked?: 'answers' | 'hangs'
  readonly delivers?: 'video' | 'nothing' | 'short' | 'corrupt' | 'page' | 'resized' | 'missing'
  /** Whether it sends `job.succeeded`, and when. */
  readonly webhook?: 'never' | 'before the answer'
}

/** A job as the renderer keeps it. */
export interface FakeTask {
  readonly id: string
  readonly key: string
  readonly title: string
  readonly executionId: string
  readonly webhookUrl: string
  readonly createdAt: Date
  /** How often it was ordered under its key. */
  orders: number
  status: 'processing' | 'completed' | 'failed' | 'canceled'
}

/** What a webhook says, and what is wrong with it. */
export interface SentWebhook {
  readonly type: 'job.succeeded' | 'job.failed' | 'job.progress'
  readonly progress?: number
  readonly secret?: string
  readonly timestampSeconds?: number
  readonly url?: string
}

export interface FakeRenderer {
  readonly name: string
  /** Its entry in SPOOL_RENDERERS. */
  readonly entry: (pool: 'primary' | 'backup') => Record<string, string>
  readonly webhookSecret: string
  /** By the title of the video; titles without a script are served well. */
  readonly scripts: Map<string, RenderScript>
  readonly tasks: FakeTask[]
  readonly tasksOf: (title: string) => FakeTask[]
  /** Whether `/readyz` says so. */
  well: boolean
  readonly send: (task: FakeTask, webhook: SentWebhook) => Promise<{ status: number; text: string }>
  readonly close: () => Promise<void>
}

/** The video that the fake renders: two seconds, 1:1, 720p, 30 frames a second. */
export const FAKE_RENDER = { format: '1:1', durationSeconds: 2 } as const

/** A renderer that speaks the tasks dialect over HTTP, for better or for worse. */
export const startFakeRenderer = async (name: string, folder: string): Promise<FakeRenderer> => {
  const files = await makeFiles(join(folder, name))
  const state = { tasks: [] as FakeTask[], scripts: new Map<string, RenderScript>(), well: true }
  const webhookSecret = newWebhookSecret()
  const send: FakeRenderer['send'] = (task, webhook) => deliver(task, webhook, webhookSecret)
  let baseUrl = ''
  const server = createServer((request, response) => {
    const exchange = { request, response, state, files, baseUrl, send }
    answer(exchange).catch((error: unknown) => response.destroy(error as Error))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    name,
    entry: (pool) => ({ name, url: baseUrl, apiKey: 'fake-key', webhookSecret, pool }),
    webhookSecret,
    scripts: state.scripts,
    tasks: state.tasks,
    tasksOf: (title) => state.tasks.filter((task) => task.title === title),
    get well() {
      return state.well
    },
    set well(well) {
      state.well = well
    },
    send,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly state: {
    readonly tasks: FakeTask[]
    readonly scripts: Map<string, RenderScript>
    well: boolean
  }
  readonly files: Record<string, Buffer>
  readonly baseUrl: string
  readonly send: FakeRenderer['send']
}

const PAGE = '<!doctype html><title>Maintenance</title><p>We will be back soon.'

const answer = async (exchange: Exchange): Promise<void> => {
  const { request, response, state, files } = exchange
  const path = request.url ?? '/'
  if (path === '/readyz') return reply(response, state.well ? 200 : 503, {})
  if (path.startsWith('/files/')) {
    const file = files[path.slice('/files/'.length)]
    if (file === undefined) return reply(response, 404, {})
    response.writeHead(200, { 'content-type': 'video/mp4' }).end(file)
    return
  }
  if (request.method === 'POST' && path === '/v1/tasks') return await takeOrder(exchange)
  const [, id, command] = /^\/v1\/tasks\/([\w-]+)(\/cancel)?$/.exec(path) ?? []
  const task = state.tasks.find((known) => known.id === id)
  if (task === undefined) return reply(response, 404, {})
  if (command !== undefined && task.status === 'processing') task.status = 'canceled'
  const script = state.scripts.get(task.title) ?? {}
  if (script.asked === 'hangs') return
  reply(response, 200, shown(task, exchange))
}

const takeOrder = async (exchange: Exchange): Promise<void> => {
  const { request, response, state, send } = exchange
  const body = JSON.parse(await textOf(request)) as {
    options: { title: string }
    metadata: { execution_id: string }
    webhook_url: string
  }
  const { title } = body.options
  const script = state.scripts.get(title) ?? {}
  const { order = 'takes' } = script
  if (order === 'hangs') return
  if (typeof order === 'number') return reply(response, order, { error: 'not now' })
  if (order === 'page') {
    response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE)
    return
  }
  const key = String(request.headers['idempotency-key'])
  const known = state.tasks.find((task) => task.key === key)
  const task = known ?? newTask(body, key)
  task.orders += 1
  if (known === undefined) state.tasks.push(task)
  if (order === 'loses' && task.orders === 1) return void request.socket.destroy()
  if (script.work === 'fails') task.status = 'failed'
  if ((script.work ?? 'completes') === 'completes') task.status = 'completed'
  if (script.webhook === 'before the answer') await send(task, { type: 'job.succeeded' })
  reply(response, 201, shown(task, exchange))
}

const newTask = (
  body: { options: { title: string }; metadata: { execution_id: string }; webhook_url: string },
  key: string,
): FakeTask => ({
  id: `fake-${randomBytes(8).toString('hex')}`,
  key,
  title: body.options.title,
  executionId: body.metadata.execution_id,
  webhookUrl: body.webhook_url,
  createdAt: new Date(),
  orders: 0,
  status: 'processing',
})

/** The task as the dialect has it. */
const shown = (task: FakeTask, { state, baseUrl }: Exchange) => {
  const { work, delivers = 'video' } = state.scripts.get(task.title) ?? {}
  const isDone = task.status === 'completed'
  return {
    id: task.id,
    object: 'task',
    kind: 'render',
    status: task.status,
    progress: isDone ? 100 : 40,
    output: isDone && delivers !== 'nothing' ? { url: `${baseUrl}/files/${delivers}` } : null,
    error: task.status === 'failed' ? { code: 'GPU_ON_FIRE', message: 'It burns.' } : null,
    created_at: task.createdAt.toISOString(),
    started_at: task.createdAt.toISOString(),
    updated_at: (work === 'alive' ? new Date() : task.createdAt).toISOString(),
    finished_at: isDone ? new Date().toISOString() : null,
  }
}

const deliver = async (task: FakeTask, webhook: SentWebhook, ownSecret: string) => {
  const { type, progress, secret = ownSecret, url = task.webhookUrl } = webhook
  const body = JSON.stringify({
    type,
    id: `evt-${randomBytes(6).toString('hex')}`,
    task_id: task.id,
    kind: 'render',
    status: type === 'job.succeeded' ? 'completed' : 'processing',
    ...(progress === undefined ? {} : { progress }),
  })
  const timestampSeconds = webhook.timestampSeconds ?? Math.floor(Date.now() / 1000)
  const id = `msg-${randomBytes(6).toString('hex')}`
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      ...signWebhook({ secret, id, timestampSeconds, body }),
      'content-type': 'application/json',
    },
    body,
  })
  return { status: response.status, text: await response.text() }
}

const reply = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

const textOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

const makeFiles = async (stem: string): Promise<Record<string, Buffer>> => {
  const { durationSeconds } = FAKE_RENDER
  const make = async (name: string, seconds: number, sidePx: number): Promise<Buffer> => {
    const path = `${stem}-${name}.mp4`
    await ffmpeg(
      ...['-f', 'lavfi', '-i', `testsrc2=size=${sidePx}x${sidePx}:rate=30:duration=${seconds}`],
      ...['-f', 'lavfi', '-i', `sine=frequency=330:duration=${seconds}`],
      ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac', path],
    )
    return await readFile(path)
  }
  const video = await make('video', durationSeconds, 720)
  // Its index is whole and its pictures are not, in the middle of the file.
  const corrupt = Buffer.from(video)
  randomBytes(20_000).copy(corrupt, Math.floor(video.length / 2))
  return {
    video,
    short: await make('short', durationSeconds / 2, 720),
    resized: await make('resized', durationSeconds, 640),
    corrupt,
    page: Buffer.from(PAGE),
  }
}
