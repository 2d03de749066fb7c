import { z } from 'zod'
import { MediaError } from '../../domain/failures.ts'
import { callProvider, jsonOf, providerRefusal } from '../provider-failure.ts'
import { readJson } from '../read-json.ts'
import { inBatches } from './in-batches.ts'
import type { Translator } from './translator.ts'

const PROVIDER = 'DeepL'
/** Its own limits are fifty texts and 128 KiB, of characters that may take six bytes as JSON. */
const LIMITS = { textsMax: 50, charsMax: 20_000 }
const ANSWER_BYTES_MAX = 1 << 20

const answer = z.object({ translations: z.array(z.object({ text: z.string() })) })
const refusal = z.object({ message: z.string() }).partial()

export interface DeeplOptions {
  readonly url: string
  readonly apiKey: string
  readonly timeoutMs: number
}

/** Keys of the free plan end like this and work at another host only. */
export const deeplUrl = (apiKey: string): string =>
  apiKey.endsWith(':fx') ? 'https://api-free.deepl.com' : 'https://api.deepl.com'

/**
 * DeepL's text API. Plain HTTP rather than its client, which can neither be cancelled nor tells for how
 * long to wait. *Source:* developers.deepl.com, POST /v2/translate.
 */
export const createDeepl = ({ url, apiKey, timeoutMs }: DeeplOptions): Translator =>
  inBatches('deepl', LIMITS, async (texts, { sourceLanguage, targetLanguage, signal }) => {
    const reply = await callProvider(PROVIDER, {
      url: `${url.replace(/\/+$/, '')}/v2/translate`,
      method: 'POST',
      headers: {
        authorization: `DeepL-Auth-Key ${apiKey}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({
        text: texts,
        target_lang: targetCode(targetLanguage),
        ...(sourceLanguage === null ? {} : { source_lang: primaryCode(sourceLanguage) }),
        preserve_formatting: true,
      }),
      timeoutMs,
      signal,
      bodyBytesMax: ANSWER_BYTES_MAX,
    })
    if (reply.status !== 200) throw deeplRefusal(reply, targetLanguage)
    const parsed = answer.safeParse(jsonOf(PROVIDER, reply))
    if (!parsed.success) throw new MediaError('PROVIDER_OUTPUT_INVALID', `${PROVIDER}: no texts`)
    return parsed.data.translations.map(({ text }) => text)
  })

const deeplRefusal = (
  reply: Parameters<typeof providerRefusal>[1] & { readonly bodyText: string },
  targetLanguage: string,
): MediaError => {
  // A page of a proxy says nothing that is worth keeping.
  const message = readJson(refusal, reply.bodyText)?.message ?? ''
  return reply.status === 400 && /_lang/.test(message)
    ? new MediaError('LANGUAGE_UNSUPPORTED', `${PROVIDER} does not know ${targetLanguage}`)
    : providerRefusal(PROVIDER, reply, message)
}

const primaryCode = (language: string): string => (language.split('-')[0] ?? language).toUpperCase()

/** It wants a variant where it has several. */
const targetCode = (language: string): string => {
  const code = language.toUpperCase()
  if (code === 'EN') return 'EN-US'
  if (code === 'PT') return 'PT-PT'
  if (/^ZH-(?:TW|HK|MO|HANT)/.test(code)) return 'ZH-HANT'
  if (code.startsWith('ZH-')) return 'ZH-HANS'
  if (code === 'NO') return 'NB'
  return /^(?:EN|PT|ES)-/.test(code) ? code : primaryCode(code)
}
