import { createHmac, randomBytes } from 'node:crypto'
import {
  jsonOf,
  startFakeProvider,
  type FakeDesk,
  type FakeOrder,
  type FakeProvider,
  type FakeReply,
  type FakeRequest,
} from './fake-model-desk.ts'
import { videoName } from './fake-model-media.ts'

export interface FakeAsyncVideo extends FakeProvider {
  readonly webhookSecret: string
  readonly signatureHeader: string
}

/** A service for videos of the common shape, as docs/configuration.md has it. */
export const startFakeAsyncVideo = async (
  options: { readonly isSearchable?: boolean } = {},
): Promise<FakeAsyncVideo> => {
  const apiKey = randomBytes(12).toString('hex')
  const webhookSecret = randomBytes(16).toString('hex')
  const signatureHeader = 'x-webhook-signature'
  const { isSearchable = true } = options

  const answer = async (request: FakeRequest, desk: FakeDesk): Promise<FakeReply> => {
    if (!desk.isKeyGood() || request.headers.authorization !== `Bearer ${apiKey}`) {
      return { status: 401, body: { error: { message: 'unknown key' } } }
    }
    const { pathname, searchParams } = request.url
    if (pathname === '/v1/videos') {
      if (request.method === 'POST') return await create(request, desk)
      if (!isSearchable) return { status: 404, body: { error: 'no such route' } }
      const reference = searchParams.get('reference')
      const data = desk.orders
        .filter((order) => order.reference === reference)
        .map((order) => ({ id: order.id, reference: order.reference }))
      return { status: 200, body: { data } }
    }
    const [, id, command] = /^\/v1\/videos\/([\w-]+)(\/cancel)?$/.exec(pathname) ?? []
    const order = desk.orders.find((known) => known.id === id)
    if (order === undefined) return { status: 404, body: { error: 'unknown video' } }
    if (command === undefined) {
      return desk.tell(order, () => ({ status: 200, body: videoOf(order, desk) }))
    }
    if (order.status !== 'processing') return { status: 409, body: { error: 'it is over' } }
    order.status = 'canceled'
    return { status: 200, body: videoOf(order, desk) }
  }

  const provider = await startFakeProvider({
    apiKey,
    answer,
    webhook: (order, desk, { isForged = false }) => {
      const body = JSON.stringify(videoOf(order, desk))
      const hmac = createHmac('sha256', isForged ? 'another secret' : webhookSecret)
      return { body, headers: { [signatureHeader]: `sha256=${hmac.update(body).digest('hex')}` } }
    },
  })
  return Object.assign(provider, {
    baseUrl: `${provider.baseUrl}/v1`,
    webhookSecret,
    signatureHeader,
  })
}

const create = async (request: FakeRequest, desk: FakeDesk): Promise<FakeReply> => {
  const { model, reference, webhook_url: webhookUrl, ...input } = jsonOf(request)
  const order = {
    model: String(model),
    input,
    reference: typeof reference === 'string' ? reference : null,
    webhookUrl: typeof webhookUrl === 'string' ? webhookUrl : null,
  }
  return await desk.take(order, ({ id }) => ({ status: 202, body: { id, status: 'queued' } }))
}

const videoOf = (order: FakeOrder, desk: FakeDesk) => {
  const { id, status, input } = order
  const { work, output } = desk.scriptOf(order)
  const url = `${desk.baseUrl}/files/${videoName(Number(input['duration'] ?? 2), input['aspect_ratio'])}`
  const error = {
    code: work === 'rejects' ? 'moderation' : 'internal',
    message: 'The video could not be made',
  }
  return {
    id,
    status: status === 'processing' ? 'in_progress' : status,
    progress: status === 'completed' ? 100 : 40,
    ...(status === 'failed' ? { error } : {}),
    ...(status === 'completed' && work !== 'empty' ? { output: output ?? { url } } : {}),
  }
}
