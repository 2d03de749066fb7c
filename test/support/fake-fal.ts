import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import {
  jsonOf,
  startFakeProvider,
  type FakeDesk,
  type FakeOrder,
  type FakeProvider,
  type FakeReply,
  type FakeRequest,
} from './fake-model-desk.ts'
import { imageName, videoName } from './fake-model-media.ts'

export interface FakeFal extends FakeProvider {
  readonly jwksUrl: string
  /** From now on webhooks are signed with another key, and both are published. */
  rotateKey(): void
}

/** fal's queue, its results and its signed webhooks. *Source:* docs.fal.ai. */
export const startFakeFal = async (): Promise<FakeFal> => {
  const apiKey = `${randomBytes(8).toString('hex')}:${randomBytes(16).toString('hex')}`
  const keys = [generateKeyPairSync('ed25519')]

  const answer = async (request: FakeRequest, desk: FakeDesk): Promise<FakeReply> => {
    const { pathname } = request.url
    if (pathname === '/.well-known/jwks.json') {
      const published = keys.map(({ publicKey }, index) => {
        const { kty, crv, x } = publicKey.export({ format: 'jwk' })
        // As the live set has it, against the standard.
        return { kty, crv, x: `${x ?? ''}=`, kid: `key-${index}`, use: 'sig' }
      })
      return { status: 200, body: { keys: published } }
    }
    if (!desk.isKeyGood() || request.headers.authorization !== `Key ${apiKey}`) {
      return {
        status: 401,
        body: { detail: 'Authentication is required to access this application' },
      }
    }
    const [, id, what] = /\/requests\/([\w-]+)(?:\/(status|cancel))?$/.exec(pathname) ?? []
    if (id === undefined) return await submit(request, desk)
    const order = desk.orders.find((known) => known.id === id)
    if (order === undefined) return { status: 404, body: { detail: 'Request not found' } }
    if (what === 'cancel') return cancel(order)
    return desk.tell(order, () =>
      what === 'status' ? statusOf(order, desk) : resultOf(order, desk),
    )
  }

  const provider = await startFakeProvider({
    apiKey,
    answer,
    webhook: (order, desk, { isForged = false, timestampSeconds }) => {
      const { privateKey } = isForged ? generateKeyPairSync('ed25519') : (keys.at(-1) ?? keys[0]!)
      const result = resultOf(order, desk) as { status: number; body: unknown }
      const isGood = result.status === 200
      const body = JSON.stringify({
        request_id: order.id,
        gateway_request_id: order.id,
        status: isGood ? 'OK' : 'ERROR',
        payload: result.body,
        ...(isGood ? {} : { error: `Unexpected status code: ${result.status}` }),
      })
      const timestamp = String(timestampSeconds ?? Math.floor(Date.now() / 1000))
      const digest = createHash('sha256').update(body).digest('hex')
      const message = [order.id, 'user-1', timestamp, digest].join('\n')
      return {
        body,
        headers: {
          'x-fal-webhook-request-id': order.id,
          'x-fal-webhook-user-id': 'user-1',
          'x-fal-webhook-timestamp': timestamp,
          'x-fal-webhook-signature': sign(null, Buffer.from(message), privateKey).toString('hex'),
        },
      }
    },
  })
  return Object.assign(provider, {
    jwksUrl: `${provider.baseUrl}/.well-known/jwks.json`,
    rotateKey: () => void keys.push(generateKeyPairSync('ed25519')),
  })
}

const submit = async (request: FakeRequest, desk: FakeDesk): Promise<FakeReply> => {
  const model = decodeURIComponent(request.url.pathname.slice(1))
  const webhookUrl = request.url.searchParams.get('fal_webhook')
  return await desk.take({ model, input: jsonOf(request), webhookUrl }, ({ id }) => ({
    status: 200,
    body: {
      status: 'IN_QUEUE',
      request_id: id,
      gateway_request_id: id,
      queue_position: 0,
      response_url: `${placeOf(desk, model)}/${id}`,
      status_url: `${placeOf(desk, model)}/${id}/status`,
      cancel_url: `${placeOf(desk, model)}/${id}/cancel`,
    },
  }))
}

/** Below owner and app alone, whatever the order's path was. */
const placeOf = (desk: FakeDesk, model: string): string =>
  `${desk.baseUrl}/${model.split('/').slice(0, 2).join('/')}/requests`

const cancel = (order: FakeOrder): FakeReply => {
  if (order.status !== 'processing') return { status: 400, body: { status: 'ALREADY_COMPLETED' } }
  order.status = 'canceled'
  return { status: 202, body: { status: 'CANCELLATION_REQUESTED' } }
}

const statusOf = (order: FakeOrder, desk: FakeDesk): FakeReply => {
  const isOver = order.status !== 'processing'
  return {
    status: isOver ? 200 : 202,
    body: {
      status: isOver ? 'COMPLETED' : 'IN_PROGRESS',
      request_id: order.id,
      response_url: `${placeOf(desk, order.model)}/${order.id}`,
      logs: null,
      ...(isOver ? { metrics: { inference_time: 0.5 } } : {}),
    },
  }
}

const resultOf = (order: FakeOrder, desk: FakeDesk): FakeReply => {
  const { model, input, status } = order
  const script = desk.scriptOf(order)
  if (status === 'processing')
    return { status: 400, body: { detail: 'Request is still in progress' } }
  if (status === 'canceled') {
    const body = { detail: 'Request was cancelled', error_type: 'client_cancelled' }
    return { status: 499, headers: { 'x-fal-error-type': 'client_cancelled' }, body }
  }
  if (script.work === 'rejects') {
    const detail = [{ loc: ['body', 'prompt'], msg: 'flagged', type: 'content_policy_violation' }]
    return { status: 422, body: { detail } }
  }
  if (script.work === 'fails') {
    const body = { detail: 'Runner server error', error_type: 'runner_server_error' }
    return { status: 500, headers: { 'x-fal-error-type': 'runner_server_error' }, body }
  }
  if (script.work === 'empty') return { status: 200, body: {} }
  if (script.output !== undefined) return { status: 200, body: script.output }
  const file = (name: string) => ({ url: `${desk.baseUrl}/files/${name}`, file_name: name })
  if (/background\/remove/.test(model)) return { status: 200, body: { image: file(imageName()) } }
  const isImage = /banana|flux|image/.test(model)
  const body = isImage
    ? { images: [{ ...file(imageName(input['aspect_ratio'])), content_type: 'image/png' }] }
    : { video: file(videoName(Number(input['duration'] ?? 2), input['aspect_ratio'])) }
  return { status: 200, body }
}
