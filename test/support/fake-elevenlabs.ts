import { randomBytes } from 'node:crypto'
import {
  jsonOf,
  startFakeProvider,
  type FakeDesk,
  type FakeOrder,
  type FakeProvider,
  type FakeReply,
  type FakeRequest,
} from './fake-model-desk.ts'
import { audioName, fakeMediaFile } from './fake-model-media.ts'

/** How long the fake takes to say a character. */
export const SECONDS_A_CHARACTER = 0.06

/** ElevenLabs: speech with timestamps, transcripts, dubbing. *Source:* elevenlabs.io/docs/api-reference. */
export const startFakeElevenlabs = async (): Promise<FakeProvider> => {
  const apiKey = `sk_${randomBytes(20).toString('hex')}`
  return await startFakeProvider({
    apiKey,
    answer: async (request, desk) => {
      if (!desk.isKeyGood() || request.headers['xi-api-key'] !== apiKey) {
        return problem(401, 'invalid_api_key', 'Invalid API key')
      }
      const { pathname } = request.url
      const [, voice] = /^\/v1\/text-to-speech\/([^/]+)\/with-timestamps$/.exec(pathname) ?? []
      if (voice !== undefined) return await speak(request, desk, voice)
      if (pathname === '/v1/speech-to-text') return await hear(request, desk)
      if (pathname === '/v1/dubbing') {
        return request.method === 'POST' ? await dub(request, desk) : list(request, desk)
      }
      return await project(request, desk)
    },
  })
}

const problem = (code: number, status: string, message: string): FakeReply => ({
  status: code,
  body: { detail: { status, message } },
})

const speak = async (request: FakeRequest, desk: FakeDesk, voice: string): Promise<FakeReply> => {
  const { model_id: model, ...input } = jsonOf(request)
  const text = String(input['text'] ?? '')
  if (text === '') return problem(400, 'empty_text', 'Text must not be empty')
  const order = { model: String(model), input: { ...input, voice_id: voice } }
  return await desk.take(order, async (_, { work, output }) => {
    if (work === 'rejects') return problem(400, 'content_against_policy', 'We do not say that')
    if (work === 'fails') return problem(500, 'internal_error', 'Something went wrong')
    const characters = Array.from(text)
    const audio = await fakeMediaFile(audioName(characters.length * SECONDS_A_CHARACTER))
    const at = (index: number) => Math.round(index * SECONDS_A_CHARACTER * 1000) / 1000
    const alignment = {
      characters,
      character_start_times_seconds: characters.map((_character, index) => at(index)),
      character_end_times_seconds: characters.map((_character, index) => at(index + 1)),
    }
    return {
      status: 200,
      body: output ?? {
        audio_base64: work === 'empty' ? '' : audio?.bytes.toString('base64'),
        alignment,
        normalized_alignment: alignment,
      },
    }
  })
}

const fieldsOf = async ({ body, headers }: FakeRequest): Promise<Record<string, string>> => {
  const contentType = String(headers['content-type'])
  const form = await new Response(new Uint8Array(body), {
    headers: { 'content-type': contentType },
  }).formData()
  return Object.fromEntries(
    [...form].map(([name, value]) => [name, typeof value === 'string' ? value : value.name]),
  )
}

const hear = async (request: FakeRequest, desk: FakeDesk): Promise<FakeReply> => {
  const { model_id: model, ...input } = await fieldsOf(request)
  if (input['cloud_storage_url'] === undefined) return problem(422, 'invalid', 'a file is required')
  return await desk.take({ model: model ?? '', input }, (_, { work, output }) => {
    if (work === 'rejects') return problem(400, 'invalid_audio', 'The file is no audio')
    if (work === 'fails') return problem(500, 'internal_error', 'Something went wrong')
    const word = (text: string, start: number, end: number, type = 'word') => ({
      ...{ text, start, end, type },
      ...{ speaker_id: null, logprob: -0.1 },
    })
    const words = [word('Hello', 0, 0.4), word(' ', 0.4, 0.5, 'spacing'), word('world.', 0.5, 1)]
    return {
      status: 200,
      body: output ?? {
        language_code: 'eng',
        language_probability: 0.98,
        text: 'Hello world.',
        ...(work === 'empty' ? {} : { words }),
        transcription_id: 'tr_1',
        audio_duration_secs: 1,
      },
    }
  })
}

const dub = async (request: FakeRequest, desk: FakeDesk): Promise<FakeReply> => {
  const { name = null, ...input } = await fieldsOf(request)
  const order = { model: 'dubbing', input, reference: name }
  return await desk.take(order, ({ id }) => ({
    status: 200,
    body: { dubbing_id: id, expected_duration_sec: 2 },
  }))
}

const STATUSES = {
  processing: 'dubbing',
  completed: 'dubbed',
  failed: 'failed',
  canceled: 'failed',
}

const metadataOf = (order: FakeOrder) => ({
  dubbing_id: order.id,
  name: order.reference ?? 'Untitled',
  status: STATUSES[order.status],
  source_language: 'en',
  target_languages: [String(order.input['target_lang'] ?? 'es')],
  editable: false,
  created_at: new Date(order.acceptedAtMs).toISOString(),
  media_metadata: { content_type: 'audio/mpeg', duration: 2 },
  error: order.status === 'failed' ? 'The audio could not be dubbed' : null,
})

const dubsOf = (desk: FakeDesk) =>
  desk.orders.filter(({ model, status }) => model === 'dubbing' && status !== 'canceled')

const list = (request: FakeRequest, desk: FakeDesk): FakeReply => {
  const size = Number(request.url.searchParams.get('page_size') ?? 100)
  const from = Number(request.url.searchParams.get('cursor') ?? 0)
  const dubs = dubsOf(desk).toReversed()
  const hasMore = from + size < dubs.length
  return {
    status: 200,
    body: {
      dubs: dubs.slice(from, from + size).map(metadataOf),
      next_cursor: hasMore ? String(from + size) : null,
      has_more: hasMore,
    },
  }
}

const project = async (request: FakeRequest, desk: FakeDesk): Promise<FakeReply> => {
  const pattern = /^\/v1\/dubbing\/(\w+)(\/audio\/[\w-]+)?$/
  const [, id, audio] = pattern.exec(request.url.pathname) ?? []
  const order = dubsOf(desk).find((known) => known.id === id)
  if (order === undefined) return problem(404, 'dubbing_not_found', 'There is no such dubbing')
  if (request.method === 'DELETE') {
    order.status = 'canceled'
    return { status: 200, body: { status: 'ok' } }
  }
  if (audio === undefined) return desk.tell(order, () => ({ status: 200, body: metadataOf(order) }))
  if (order.status !== 'completed') return problem(425, 'dubbing_not_ready', 'Not yet')
  const { work } = desk.scriptOf(order)
  const file = work === 'empty' ? null : await fakeMediaFile(audioName(2))
  return {
    status: 200,
    headers: { 'content-type': 'audio/mpeg' },
    body: file?.bytes ?? new Uint8Array(),
  }
}
