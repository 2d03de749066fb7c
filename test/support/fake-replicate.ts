import { randomBytes } from 'node:crypto'
import { newWebhookSecret, signWebhook } from '../../src/adapters/webhooks/standard-webhooks.ts'
import {
  jsonOf,
  startFakeProvider,
  type FakeDesk,
  type FakeOrder,
  type FakeProvider,
  type FakeReply,
  type FakeRequest,
} from './fake-model-desk.ts'
import { audioName, imageName, videoName } from './fake-model-media.ts'

export interface FakeReplicate extends FakeProvider {
  readonly webhookSecret: string
}

/** Replicate's HTTP API: predictions, their list, the webhook secret. *Source:* replicate.com/docs. */
export const startFakeReplicate = async (
  options: {
    /** Whether the list tells of webhooks; otherwise each prediction does. */
    readonly listsWebhooks?: boolean
    readonly pageSize?: number
  } = {},
): Promise<FakeReplicate> => {
  const apiKey = `r8_${randomBytes(18).toString('hex')}`
  const webhookSecret = newWebhookSecret()
  const { listsWebhooks = false, pageSize = 100 } = options

  const answer = async (request: FakeRequest, desk: FakeDesk): Promise<FakeReply> => {
    if (!desk.isKeyGood() || request.headers.authorization !== `Bearer ${apiKey}`) {
      return problem(401, 'Unauthenticated', 'You did not pass a valid authentication token')
    }
    const { pathname, searchParams } = request.url
    if (pathname === '/v1/webhooks/default/secret')
      return { status: 200, body: { key: webhookSecret } }
    if (request.method === 'POST') {
      const [, name] = /^\/v1\/models\/([^/]+\/[^/]+)\/predictions$/.exec(pathname) ?? []
      if (name !== undefined || pathname === '/v1/predictions')
        return await create(request, desk, name)
    }
    if (pathname === '/v1/predictions') {
      return list(desk, { listsWebhooks, pageSize, from: Number(searchParams.get('cursor') ?? 0) })
    }
    const [, id, command] = /^\/v1\/predictions\/(\w+)(\/cancel)?$/.exec(pathname) ?? []
    const order = desk.orders.find((known) => known.id === id)
    if (order === undefined)
      return problem(404, 'Not found', 'The requested resource was not found.')
    if (command !== undefined && order.status === 'processing') order.status = 'canceled'
    return desk.tell(order, () => ({ status: 200, body: predictionOf(order, desk) }))
  }

  const provider = await startFakeProvider({
    apiKey,
    answer,
    webhook: (order, desk, { isForged = false, timestampSeconds }) => {
      const body = JSON.stringify(predictionOf(order, desk))
      const headers = signWebhook({
        secret: isForged ? newWebhookSecret() : webhookSecret,
        id: `msg_${order.id}`,
        timestampSeconds: timestampSeconds ?? Math.floor(Date.now() / 1000),
        body,
      })
      return { headers, body }
    },
  })
  return Object.assign(provider, { webhookSecret })
}

const problem = (status: number, title: string, detail: string): FakeReply => ({
  status,
  body: { title, detail, status },
})

const create = async (
  request: FakeRequest,
  desk: FakeDesk,
  name: string | undefined,
): Promise<FakeReply> => {
  const body = jsonOf(request)
  const { input, version, webhook } = body as {
    input?: Record<string, unknown>
    version?: string
    webhook?: string
  }
  if (input === undefined) return problem(422, 'Input validation failed', '- input is required')
  const model = name ?? version ?? ''
  const reference = webhook === undefined ? null : new URL(webhook).searchParams.get('order')
  const order = { model, input, reference, webhookUrl: webhook ?? null }
  return await desk.take(order, (taken) => ({
    status: 201,
    // A creation answers with the state of a moment ago.
    body: { ...predictionOf(taken, desk), status: 'starting', output: null, error: null },
  }))
}

const list = (
  desk: FakeDesk,
  page: { readonly listsWebhooks: boolean; readonly pageSize: number; readonly from: number },
): FakeReply => {
  const newestFirst = desk.orders.toReversed()
  const { from, pageSize } = page
  const next = from + pageSize
  return {
    status: 200,
    body: {
      previous: null,
      next:
        next < newestFirst.length ? `${desk.baseUrl}/v1/predictions?cursor=${String(next)}` : null,
      results: newestFirst.slice(from, next).map((order) => {
        const { webhook, webhook_events_filter: _filter, ...rest } = predictionOf(order, desk)
        return page.listsWebhooks ? { ...rest, webhook } : rest
      }),
    },
  }
}

const STATUSES = {
  processing: 'processing',
  completed: 'succeeded',
  failed: 'failed',
  canceled: 'canceled',
} as const

const predictionOf = (order: FakeOrder, desk: FakeDesk) => {
  const { id, model, input, status } = order
  const script = desk.scriptOf(order)
  const createdAt = new Date(order.acceptedAtMs).toISOString()
  const isOver = status !== 'processing'
  const failure =
    script.work === 'rejects'
      ? 'The input was flagged as sensitive. Please try again with different inputs. (E005)'
      : 'Prediction interrupted; please retry (code: PA)'
  return {
    id,
    model: model.includes('/') ? (model.split(':')[0] ?? model) : 'somebody/something',
    version: model.split(':')[1] ?? 'hidden',
    input,
    logs: '',
    output: status === 'completed' && script.work !== 'empty' ? outputOf(order, desk) : null,
    data_removed: false,
    error: status === 'failed' ? failure : null,
    source: 'api',
    status: STATUSES[status],
    created_at: createdAt,
    started_at: createdAt,
    completed_at: isOver ? new Date().toISOString() : null,
    metrics: isOver ? { predict_time: 0.1, total_time: 0.2 } : {},
    urls: {
      get: `${desk.baseUrl}/v1/predictions/${id}`,
      cancel: `${desk.baseUrl}/v1/predictions/${id}/cancel`,
      web: `https://replicate.com/p/${id}`,
    },
    ...(order.webhookUrl === null
      ? {}
      : { webhook: order.webhookUrl, webhook_events_filter: ['completed'] }),
  }
}

/** A version says nothing of its model, but each asks for something else. */
const nameOf = ({ model, input }: FakeOrder): string => {
  if (model.includes('/')) return model
  if ('batch_size' in input) return 'vaibhavs10/incredibly-fast-whisper'
  if ('audio' in input) return 'openai/whisper'
  return 'image' in input ? 'codeplugtech/background_remover' : model
}

/** As the models of that name answer. */
const outputOf = (order: FakeOrder, desk: FakeDesk): unknown => {
  const { input } = order
  const model = nameOf(order)
  const { output } = desk.scriptOf(order)
  if (output !== undefined) return output
  const file = (name: string) => `${desk.baseUrl}/files/${name}`
  if (/incredibly-fast-whisper/.test(model)) {
    return {
      text: ' Hello there world.',
      chunks: [
        { text: ' Hello', timestamp: [0, 0.4] },
        { text: ' there', timestamp: [0.4, 0.8] },
        { text: ' world.', timestamp: [0.8, 1.5] },
      ],
    }
  }
  if (/whisper/.test(model)) {
    const segments = [{ id: 0, start: 0, end: 1.5, text: ' Hello there world.' }]
    return { detected_language: 'english', segments, transcription: ' Hello there world.' }
  }
  if (/turbo|tts|speech/.test(model)) return file(audioName(2))
  if (/seedream/.test(model)) return [file(imageName(input['aspect_ratio']))]
  if (/banana|(?<!video-)background/.test(model)) return file(imageName(input['aspect_ratio']))
  return file(videoName(Number(input['duration'] ?? 2), input['aspect_ratio']))
}
