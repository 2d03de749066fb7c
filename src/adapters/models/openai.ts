import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { MediaError } from '../../domain/failures.ts'
import type { ModelAnswer, ModelCall, ModelProvider } from './model-provider.ts'
import { createProviderExchange, type ProviderExchange } from './provider-exchange.ts'

export interface OpenaiOptions {
  /** Null: a server of one's own that wants none. */
  readonly apiKey: string | null
  /** With its version: `https://api.openai.com/v1`. */
  readonly baseUrl: string
  readonly timeoutMs?: number
}

const PROVIDER = 'openai'

/** Large images take two minutes. */
const WORK_TIMEOUT_MS = 5 * 60_000
/** A large image, or five minutes of uncompressed speech, as base64. */
const ANSWER_BYTES_MAX = 64 << 20

interface Work {
  readonly folder: string
  readonly signal?: AbortSignal
}

/**
 * Images, speech and texts of any server of the OpenAI dialect; all of them come with the answer. Its REST
 * API and not the official client, because that tells neither whether an order was sent nor stops reading
 * an answer without end. *Body:* all but the model; *answer:* a file, or the completion. *Source:*
 * platform.openai.com/docs/api-reference.
 */
export const createOpenai = (options: OpenaiOptions): ModelProvider => {
  const exchange = createProviderExchange({
    provider: PROVIDER,
    baseUrl: options.baseUrl,
    headers: options.apiKey === null ? {} : { authorization: `Bearer ${options.apiKey}` },
    timeoutMs: options.timeoutMs ?? WORK_TIMEOUT_MS,
  })
  return {
    name: PROVIDER,
    submit: async (call, work) => ({
      status: 'completed',
      answer: await answerTo(exchange, call, work),
    }),
    inspect: () => {
      const detail = `${PROVIDER}: answers at once, and keeps no jobs`
      return Promise.resolve({ status: 'failed', detail, isRejected: false })
    },
    cancel: () => Promise.resolve(),
  }
}

const answerTo = async (
  exchange: ProviderExchange,
  call: ModelCall,
  work: Work,
): Promise<ModelAnswer> => {
  switch (call.operation) {
    case 'generateImage':
      return await makeImage(exchange, call, work)
    case 'generateAudio':
      return await speak(exchange, call, work)
    case 'generateText':
    case 'expand':
      return await write(exchange, call, work)
    default:
      throw new MediaError('PROVIDER_REJECTED', `${PROVIDER} has no ${call.operation}`)
  }
}

const orderOf = (call: ModelCall, path: string, work: Work) => ({
  method: 'POST' as const,
  path,
  // Their log knows it by that, if ever somebody has to ask them.
  headers: { 'x-client-request-id': call.reference },
  json: { ...call.body, model: call.model },
  signal: work.signal,
  answerBytesMax: ANSWER_BYTES_MAX,
})

const images = z.object({
  data: z.array(z.object({ b64_json: z.base64().min(1) })).min(1),
  output_format: z.enum(['png', 'jpeg', 'webp']).nullish(),
})

const makeImage = async (
  exchange: ProviderExchange,
  call: ModelCall,
  work: Work,
): Promise<ModelAnswer> => {
  const answer = await exchange.order(orderOf(call, '/images/generations', work))
  const { data, output_format: format } = exchange.product(answer, images)
  const path = join(work.folder, 'image')
  await writeFile(path, Buffer.from(data[0]?.b64_json ?? '', 'base64'))
  return { file: { path, contentType: `image/${format ?? 'png'}` } }
}

const speak = async (
  exchange: ProviderExchange,
  call: ModelCall,
  work: Work,
): Promise<ModelAnswer> => {
  const path = join(work.folder, 'speech')
  const answer = await exchange.order({ ...orderOf(call, '/audio/speech', work), filePath: path })
  const contentType = answer.headers['content-type']?.split(';')[0] ?? ''
  if (!contentType.startsWith('audio/')) {
    throw new MediaError('PROVIDER_OUTCOME_UNKNOWN', `${PROVIDER} took it, and gave ${contentType}`)
  }
  if ((await stat(path)).size === 0) {
    throw new MediaError('PROVIDER_OUTPUT_INVALID', `${PROVIDER} answered without a sound`)
  }
  return { file: { path, contentType } }
}

const completion = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        finish_reason: z.string().nullish(),
        message: z.looseObject({ content: z.string().nullish(), refusal: z.string().nullish() }),
      }),
    )
    .min(1),
})

const write = async (
  exchange: ProviderExchange,
  call: ModelCall,
  work: Work,
): Promise<ModelAnswer> => {
  const answer = await exchange.order(orderOf(call, '/chat/completions', work))
  const json = exchange.product(answer, completion)
  const choice = json.choices[0]
  if (choice?.message.refusal || choice?.finish_reason === 'content_filter') {
    throw new MediaError('PROVIDER_REJECTED', `${PROVIDER} refused to write it`)
  }
  if (choice?.finish_reason === 'length') {
    throw new MediaError('PROVIDER_OUTPUT_INVALID', `${PROVIDER}: the text was cut off`)
  }
  if (!choice?.message.content) {
    throw new MediaError('PROVIDER_OUTPUT_INVALID', `${PROVIDER} answered without a text`)
  }
  return { json }
}
