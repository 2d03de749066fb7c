import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { MediaError } from '../../domain/failures.ts'
import type {
  ModelCall,
  ModelJobHandle,
  ModelJobState,
  ModelProvider,
  PlacedOrder,
  Submission,
} from './model-provider.ts'
import { excerptOf, isGood, type ProviderExchange } from './provider-exchange.ts'
import { refuseUntilSettled } from './settling.ts'

/** The longest film that can be dubbed, in good quality. */
const FILE_BYTES_MAX = 2 ** 31

/** 100 a page. */
const PAGES_MAX = 100

const receipt = z.object({ dubbing_id: z.string().min(1) })

const project = z.object({
  /** `dubbing`, `dubbed`, `failed`, and others on the way. */
  status: z.string(),
  target_languages: z.array(z.string()),
  error: z.string().nullish(),
})

const page = z.object({
  dubs: z.array(z.object({ dubbing_id: z.string(), name: z.string().nullish() })),
  next_cursor: z.string().nullish(),
  has_more: z.boolean().nullish(),
})

const isOver = (status: string): boolean => status === 'dubbed' || status === 'failed'

const failedWith = (detail: string, isRejected = false): ModelJobState => ({
  status: 'failed',
  detail: `elevenlabs: ${detail}`,
  isRejected,
})

interface Dubbing {
  submit(call: ModelCall, signal: AbortSignal | undefined): Promise<Submission>
  readonly inspect: ModelProvider['inspect']
  readonly cancel: ModelProvider['cancel']
  find(order: PlacedOrder, signal: AbortSignal | undefined): Promise<ModelJobHandle | null>
}

/** Dubbing projects of ElevenLabs. Their name is our reference, by which one is found again. */
export const createDubbing = (
  exchange: ProviderExchange,
  {
    settleMs,
    downloadTimeoutMs,
  }: { readonly settleMs: number; readonly downloadTimeoutMs: number },
): Dubbing => {
  const pathOf = (id: string) => `/v1/dubbing/${encodeURIComponent(id)}`

  const download = async (
    id: string,
    language: string,
    options: Parameters<ModelProvider['inspect']>[1],
  ): Promise<ModelJobState> => {
    const path = join(options.folder, 'dubbed')
    const answer = await exchange.ask({
      method: 'GET',
      path: `${pathOf(id)}/audio/${encodeURIComponent(language)}`,
      signal: options.signal,
      timeoutMs: downloadTimeoutMs,
      answerBytesMax: FILE_BYTES_MAX,
      filePath: path,
    })
    if (!isGood(answer)) throw exchange.refusal(answer)
    const contentType = answer.headers['content-type']?.split(';')[0] ?? ''
    if (!/^(?:audio|video)\//.test(contentType)) {
      throw new MediaError('PROVIDER_OUTPUT_INVALID', `elevenlabs gave ${contentType} for a dub`)
    }
    if ((await stat(path)).size === 0) return failedWith('an empty dub')
    return { status: 'completed', answer: { file: { path, contentType } } }
  }

  return {
    submit: async ({ body, reference }, signal) => {
      const answer = await exchange.order({
        method: 'POST',
        path: '/v1/dubbing',
        form: { ...body, name: reference },
        signal,
      })
      const { dubbing_id: id } = exchange.receipt(answer, receipt)
      return { status: 'accepted', handle: { id } }
    },
    inspect: async ({ id }, options) => {
      const answer = await exchange.ask({
        method: 'GET',
        path: pathOf(id),
        signal: options.signal,
      })
      if (answer.status === 404) return failedWith('not known any more')
      const { status, target_languages: languages, error } = exchange.read(answer, project)
      if (!isOver(status)) return { status: 'processing', progressRatio: null }
      if (status === 'failed') return failedWith(excerptOf(error ?? 'no reason'))
      const [language] = languages
      if (language === undefined) return failedWith('dubbed into no language')
      return await download(id, language, options)
    },
    cancel: async ({ id }, { signal }) => {
      // There is nothing but to delete it, and what is over may still be fetched.
      const asked = await exchange.ask({ method: 'GET', path: pathOf(id), signal })
      if (asked.status === 404 || isOver(exchange.read(asked, project).status)) return
      const answer = await exchange.ask({ method: 'DELETE', path: pathOf(id), signal })
      if (!isGood(answer) && answer.status !== 404) throw exchange.refusal(answer)
    },
    find: async (order, signal) => {
      let query = 'page_size=100'
      for (let count = 0; count < PAGES_MAX; count += 1) {
        const answer = await exchange.ask({ method: 'GET', path: `/v1/dubbing?${query}`, signal })
        const { dubs, next_cursor: next, has_more: hasMore } = exchange.read(answer, page)
        const same = dubs.find(({ name }) => name === order.reference)
        if (same !== undefined) return { id: same.dubbing_id }
        if (next == null || hasMore === false) {
          refuseUntilSettled('elevenlabs', order, settleMs)
          return null
        }
        query = `page_size=100&cursor=${encodeURIComponent(next)}`
      }
      throw new MediaError('PROVIDER_OUTCOME_UNKNOWN', 'elevenlabs: too many dubs to look through')
    },
  }
}
