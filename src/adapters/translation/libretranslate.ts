import { z } from 'zod'
import { MediaError } from '../../domain/failures.ts'
import { callProvider, jsonOf, providerRefusal } from '../provider-failure.ts'
import { readJson } from '../read-json.ts'
import { inBatches, type TranslateTexts } from './in-batches.ts'
import type { Translator } from './translator.ts'

const PROVIDER = 'LibreTranslate'
/** Small: it translates one after the other, and a slow machine must answer in time. */
const LIMITS = { textsMax: 20, charsMax: 4_000 }
const ANSWER_BYTES_MAX = 1 << 20

const answer = z.object({ translatedText: z.union([z.string(), z.array(z.string())]) })
const refusal = z.object({ error: z.string() }).partial()

export interface LibretranslateOptions {
  readonly url: string
  readonly apiKey: string | null
  readonly timeoutMs: number
}

/** A LibreTranslate server, or one that speaks like it. *Source:* its OpenAPI, POST /translate. */
export const createLibretranslate = (options: LibretranslateOptions): Translator => {
  const ask = async (
    q: string | readonly string[],
    { sourceLanguage, targetLanguage, signal }: Parameters<TranslateTexts>[1],
  ) => {
    const reply = await callProvider(PROVIDER, {
      url: `${options.url.replace(/\/+$/, '')}/translate`,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        q,
        source: sourceLanguage === null ? 'auto' : codeOf(sourceLanguage),
        target: codeOf(targetLanguage),
        format: 'text',
        ...(options.apiKey === null ? {} : { api_key: options.apiKey }),
      }),
      timeoutMs: options.timeoutMs,
      signal,
      bodyBytesMax: ANSWER_BYTES_MAX,
    })
    if (reply.status !== 200) throw libretranslateRefusal(reply, targetLanguage)
    const parsed = answer.safeParse(jsonOf(PROVIDER, reply))
    if (!parsed.success) throw new MediaError('PROVIDER_OUTPUT_INVALID', `${PROVIDER}: no text`)
    return parsed.data.translatedText
  }
  return inBatches('libretranslate', LIMITS, async (texts, job) => {
    const together = texts.length > 1 ? await ask(texts, job) : null
    if (Array.isArray(together)) return together
    // Servers that speak like it do not all take lists.
    const translated: string[] = []
    for (const text of texts) translated.push(String(await ask(text, job)))
    return translated
  })
}

const libretranslateRefusal = (
  reply: Parameters<typeof providerRefusal>[1] & { readonly bodyText: string },
  targetLanguage: string,
): MediaError => {
  // A page of a proxy says nothing that is worth keeping.
  const message = readJson(refusal, reply.bodyText)?.error ?? ''
  return reply.status === 400 && /not supported/i.test(message)
    ? new MediaError('LANGUAGE_UNSUPPORTED', `${PROVIDER} does not know ${targetLanguage}`)
    : providerRefusal(PROVIDER, reply, message)
}

/** Its codes are those of languages, not of countries, but for traditional Chinese. */
const codeOf = (language: string): string =>
  /^zh-(?:tw|hk|mo|hant)/i.test(language)
    ? 'zt'
    : (language.split('-')[0] ?? language).toLowerCase()
