import { randomBytes } from 'node:crypto'
import {
  jsonOf,
  startFakeProvider,
  type FakeProvider,
  type FakeReply,
  type FakeRequest,
  type FakeScript,
} from './fake-model-desk.ts'
import { audioName, fakeMediaFile } from './fake-model-media.ts'

/** OpenAI: images, speech and chat. A chat says `script.output` as JSON, or a sentence. *Source:*
 * platform.openai.com/docs/api-reference. */
export const startFakeOpenai = async (): Promise<FakeProvider> => {
  const apiKey = `sk-${randomBytes(20).toString('hex')}`
  const provider = await startFakeProvider({
    apiKey,
    answer: async (request, desk) => {
      if (!desk.isKeyGood() || request.headers.authorization !== `Bearer ${apiKey}`) {
        return problem(401, 'invalid_api_key', 'Incorrect API key provided')
      }
      const make = ROUTES[request.url.pathname as keyof typeof ROUTES]
      if (make === undefined) return problem(404, 'unknown_url', 'Unknown request URL')
      const { model, ...input } = jsonOf(request)
      return await desk.take(
        { model: String(model), input, reference: referenceOf(request) },
        async (_, script) => {
          if (script.work === 'fails') return problem(500, 'server_error', 'Something went wrong')
          if (script.work === 'rejects') {
            return problem(400, 'moderation_blocked', 'Your request was rejected')
          }
          return await make(input, script)
        },
      )
    },
  })
  return Object.assign(provider, { baseUrl: `${provider.baseUrl}/v1` })
}

const referenceOf = ({ headers }: FakeRequest): string | null => {
  const reference = headers['x-client-request-id']
  return typeof reference === 'string' ? reference : null
}

const problem = (status: number, code: string, message: string): FakeReply => ({
  status,
  body: { error: { message, type: 'invalid_request_error', param: null, code } },
})

type Make = (input: Readonly<Record<string, unknown>>, script: FakeScript) => Promise<FakeReply>

const image: Make = async (input, { work }) => {
  const size = String(input['size'] ?? '1024x1024')
  const file = await fakeMediaFile(`image-${size}.png`)
  const data = work === 'empty' ? [] : [{ b64_json: file?.bytes.toString('base64') }]
  const usage = { input_tokens: 10, output_tokens: 1056, total_tokens: 1066 }
  const body = { created: 1, data, size, quality: 'medium', output_format: 'png', usage }
  return { status: 200, body }
}

const speech: Make = async (input, { work }) => {
  const seconds = Math.max(0.5, String(input['input']).length * 0.06)
  const file = work === 'empty' ? null : await fakeMediaFile(audioName(seconds))
  const headers = { 'content-type': 'audio/mpeg' }
  return { status: 200, headers, body: file?.bytes ?? new Uint8Array() }
}

const chat: Make = (_input, { work, output }) => {
  const said = typeof output === 'string' ? output : JSON.stringify(output)
  const content = work === 'empty' ? '' : (said ?? 'A text that was asked for.')
  const message = { role: 'assistant', content, refusal: null }
  const choices = [{ index: 0, finish_reason: 'stop', message, logprobs: null }]
  const usage = { prompt_tokens: 9, completion_tokens: 8, total_tokens: 17 }
  const body = {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices,
    usage,
  }
  return Promise.resolve({ status: 200, body })
}

const ROUTES = {
  '/v1/images/generations': image,
  '/v1/audio/speech': speech,
  '/v1/chat/completions': chat,
} as const satisfies Record<string, Make>
