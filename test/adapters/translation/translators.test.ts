import { afterEach, describe, expect, it } from 'vitest'
import type { AnswerMemory } from '../../../src/adapters/answer-memory.ts'
import { createDeepl, deeplUrl } from '../../../src/adapters/translation/deepl.ts'
import { createLibretranslate } from '../../../src/adapters/translation/libretranslate.ts'
import { createOpenaiTranslator } from '../../../src/adapters/translation/openai-translator.ts'
import type { Translator } from '../../../src/adapters/translation/translator.ts'
import type { Cue } from '../../../src/domain/captions/cue.ts'
import {
  closedPort,
  startFakeHttpService,
  type FakeAnswer,
  type FakeHttpService,
  type RecordedRequest,
} from '../../support/fake-http-service.ts'
import { mapMemory } from '../../support/map-memory.ts'

let service: FakeHttpService | undefined
afterEach(() => service?.close())

type Answer = (request: RecordedRequest, index: number) => FakeAnswer | null

const serve = async (answer: Answer): Promise<string> => {
  let index = 0
  service = await startFakeHttpService((request) => answer(request, index++))
  return service.baseUrl
}

const json = (body: unknown, status = 200, headers = {}): FakeAnswer => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
})

const cuesOf = (texts: readonly string[]): Cue[] =>
  texts.map((text, index) => ({
    startSeconds: index * 2 + 0.123,
    endSeconds: index * 2 + 1.9,
    text,
  }))

const CUES = cuesOf(['Hello,\nworld!', 'مرحبا 👋🏽', '今日は\nいい天気です'])
const timesOf = (cues: readonly Cue[]) =>
  cues.map(({ startSeconds, endSeconds }) => ({ startSeconds, endSeconds }))

const translate = (
  translator: Translator,
  cues: readonly Cue[] = CUES,
  options: {
    source?: string | null
    target?: string
    signal?: AbortSignal
    remember?: AnswerMemory
  } = {},
) =>
  translator.translate({
    cues,
    sourceLanguage: options.source === undefined ? 'en' : options.source,
    targetLanguage: options.target ?? 'es',
    signal: options.signal ?? new AbortController().signal,
    ...(options.remember === undefined ? {} : { remember: options.remember }),
  })

const bodyOf = (request: RecordedRequest | undefined): Record<string, unknown> =>
  JSON.parse(request?.body ?? '{}') as Record<string, unknown>

/** A chat model that does as it is told. */
const chatReply = (content: string, finish = 'stop', refusal: string | null = null): FakeAnswer =>
  json({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'gpt-4.1-mini',
    choices: [
      { index: 0, finish_reason: finish, message: { role: 'assistant', content, refusal } },
    ],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  })

interface NumberedCue {
  readonly number: number
  readonly text: string
}
const askedOf = (request: RecordedRequest): NumberedCue[] => {
  const [, user] = bodyOf(request)['messages'] as { content: string }[]
  return (JSON.parse(user?.content ?? '{}') as { cues: NumberedCue[] }).cues
}
const obedient = (request: RecordedRequest): FakeAnswer => {
  const cues = askedOf(request).map(({ number, text }) => ({ number, text: `es ${text}` }))
  return chatReply(JSON.stringify({ cues }))
}

const openai = (url: string) =>
  createOpenaiTranslator({ url: `${url}/v1`, apiKey: 'sk-test', model: 'gpt-x', timeoutMs: 30_000 })
const deepl = (url: string) => createDeepl({ url, apiKey: 'deepl-key', timeoutMs: 30_000 })
const libretranslate = (url: string) =>
  createLibretranslate({ url: `${url}/`, apiKey: null, timeoutMs: 30_000 })

/** Each with a server that does what it should. */
const ENGINES: readonly [string, (url: string) => Translator, Answer][] = [
  ['openai', openai, obedient],
  [
    'deepl',
    deepl,
    (request) => {
      const texts = bodyOf(request)['text'] as string[]
      return json({
        translations: texts.map((text) => ({ detected_source_language: 'EN', text: `es ${text}` })),
      })
    },
  ],
  [
    'libretranslate',
    libretranslate,
    (request) => {
      const q = bodyOf(request)['q'] as string | string[]
      const translatedText = Array.isArray(q) ? q.map((text) => `es ${text}`) : `es ${q}`
      return json({ translatedText })
    },
  ],
]

describe.each(ENGINES)('every translator: %s', (engine, create, answer) => {
  it('gives each cue its own translation, in order, and leaves its times alone', async () => {
    const cues = cuesOf(Array.from({ length: 130 }, (_, index) => `Cue number ${index}`))
    const url = await serve(answer)
    const ratios: number[] = []
    const translated = await create(url).translate({
      cues,
      sourceLanguage: 'en',
      targetLanguage: 'es',
      signal: new AbortController().signal,
      onProgress: (ratio) => ratios.push(ratio),
    })
    expect(translated.map(({ text }) => text)).toEqual(cues.map(({ text }) => `es ${text}`))
    expect(timesOf(translated)).toEqual(timesOf(cues))
    expect(service?.requests.length).toBeGreaterThan(2)
    expect(ratios.at(-1)).toBe(1)
    expect(create(url).engine).toBe(engine)
  })

  it('keeps right-to-left text, emoji and Japanese as they are, without the line breaks', async () => {
    const translated = await translate(create(await serve(answer)))
    expect(translated.map(({ text }) => text)).toEqual([
      'es Hello, world!',
      'es مرحبا 👋🏽',
      'es 今日はいい天気です',
    ])
  })

  it('that failed in its second batch asks for the missing ones alone, when it is tried again', async () => {
    const cues = cuesOf(Array.from({ length: 130 }, (_, index) => `Cue number ${index}`))
    const remember = mapMemory()
    const failing = await serve((request, at) => (at === 1 ? json({}, 503) : answer(request, at)))
    const failed = translate(create(failing), cues, { remember })
    await expect(failed).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' })
    const [done] = service?.requests ?? []
    await service?.close()

    const url = await serve(answer)
    const translated = await translate(create(url), cues, { remember })
    expect(translated.map(({ text }) => text)).toEqual(cues.map(({ text }) => `es ${text}`))
    expect(timesOf(translated)).toEqual(timesOf(cues))
    const asked = service?.requests.map(({ body }) => body) ?? []
    expect(asked.length).toBeGreaterThan(1)
    expect(asked).not.toContain(done?.body)

    await translate(create(url), cues, { remember })
    expect(service?.requests).toHaveLength(asked.length)
    await translate(create(url), cues, { remember, target: 'fr' })
    expect(service?.requests).toHaveLength(2 * asked.length + 1)
  })

  it('has nothing to ask for no cues', async () => {
    expect(await translate(create(await serve(answer)), [])).toEqual([])
    expect(service?.requests).toEqual([])
  })

  it.each([
    ['a wrong key', 401, 'PROVIDER_REJECTED'],
    ['a forbidden key', 403, 'PROVIDER_REJECTED'],
    ['a request that is wrong', 400, 'PROVIDER_REJECTED'],
    ['too many requests', 429, 'PROVIDER_UNAVAILABLE'],
    ['a broken server', 500, 'PROVIDER_UNAVAILABLE'],
    ['a proxy without a server', 502, 'PROVIDER_UNAVAILABLE'],
  ])('tells of %s as what it is, after one call', async (_what, status, code) => {
    const url = await serve(() => json({ message: 'no', error: 'no' }, status))
    await expect(translate(create(url))).rejects.toMatchObject({ code })
    expect(service?.requests).toHaveLength(1)
  })

  it('passes on for how long the server wants to be left alone', async () => {
    const url = await serve(() => json({}, 429, { 'retry-after': '3' }))
    await expect(translate(create(url))).rejects.toMatchObject({ retryAfterMs: 3_000 })
  })

  it.each([
    ['a page', { headers: { 'content-type': 'text/html' }, body: '<html>Log in</html>' }],
    ['JSON that breaks off', { ...json({}), body: '{"translations":[{"te' }],
    ['JSON of something else', json({ hello: ['world'] })],
  ])('cannot use %s', async (_what, reply) => {
    const url = await serve(() => reply)
    await expect(translate(create(url))).rejects.toMatchObject({ code: 'PROVIDER_OUTPUT_INVALID' })
  })

  it('may be tried again after a cut connection or a closed port', async () => {
    const unavailable = { code: 'PROVIDER_UNAVAILABLE' }
    await expect(translate(create(await serve(() => null)))).rejects.toMatchObject(unavailable)
    const closed = create(`http://127.0.0.1:${await closedPort()}`)
    await expect(translate(closed)).rejects.toMatchObject(unavailable)
  })

  it('ends a cancel with its reason', async () => {
    const controller = new AbortController()
    const reason = new Error('no longer wanted')
    const url = await serve(() => {
      controller.abort(reason)
      return null
    })
    const { signal } = controller
    await expect(translate(create(url), CUES, { signal })).rejects.toBe(reason)
  })
})

describe('a chat model as translator', () => {
  it('gets numbered cues and the shape of the answer, under its own key', async () => {
    await translate(openai(await serve(obedient)))
    const [request] = service?.requests ?? []
    expect(request?.url).toBe('/v1/chat/completions')
    expect(request?.headers.authorization).toBe('Bearer sk-test')
    expect(bodyOf(request)).toMatchObject({
      model: 'gpt-x',
      response_format: { type: 'json_schema', json_schema: { strict: true } },
    })
    expect(request && askedOf(request).map(({ number }) => number)).toEqual([1, 2, 3])
    const [system] = bodyOf(request)['messages'] as { content: string }[]
    expect(system?.content).toContain('from English (en) into Spanish (es)')
  })

  it.each([
    ['joins two cues', (cues: NumberedCue[]) => cues.slice(1)],
    ['changes the order', (cues: NumberedCue[]) => cues.toReversed()],
    ['leaves one empty', (cues: NumberedCue[]) => cues.map((cue) => ({ ...cue, text: ' ' }))],
    [
      'counts from nought',
      (cues: NumberedCue[]) => cues.map((cue) => ({ ...cue, number: cue.number - 1 })),
    ],
  ])('that %s is asked again in halves, once', async (_what, spoil) => {
    const url = await serve((request, index) => {
      if (index > 0) return obedient(request)
      return chatReply(JSON.stringify({ cues: spoil(askedOf(request)) }))
    })
    const translated = await translate(openai(url))
    expect(translated).toHaveLength(3)
    expect(timesOf(translated)).toEqual(timesOf(CUES))
    expect(service?.requests.map((request) => askedOf(request).length)).toEqual([3, 2, 1])
  })

  it('that lost count is not remembered, and another model is asked anew', async () => {
    const remember = mapMemory()
    const unusable = openai(await serve(() => chatReply('{"cues":[]}')))
    const failed = translate(unusable, CUES, { remember })
    await expect(failed).rejects.toMatchObject({ code: 'PROVIDER_OUTPUT_INVALID' })
    await service?.close()
    const url = await serve(obedient)
    await translate(openai(url), CUES, { remember })
    const server = { url: `${url}/v1`, apiKey: null, model: 'gpt-y', timeoutMs: 30_000 }
    await translate(createOpenaiTranslator(server), CUES, { remember })
    expect(service?.requests).toHaveLength(2)
  })

  it('that never counts right is given up', async () => {
    const url = await serve(() => chatReply('{"cues":[]}'))
    await expect(translate(openai(url))).rejects.toMatchObject({ code: 'PROVIDER_OUTPUT_INVALID' })
    expect(service?.requests).toHaveLength(2)
  })

  it('whose answer was cut off is asked for less', async () => {
    const url = await serve((request, index) =>
      index === 0 ? chatReply('{"cues":[{"number":1,', 'length') : obedient(request),
    )
    expect(await translate(openai(url))).toHaveLength(3)
  })

  it('that refuses is believed', async () => {
    const url = await serve(() => chatReply('', 'stop', 'I cannot help with that.'))
    await expect(translate(openai(url))).rejects.toMatchObject({ code: 'PROVIDER_REJECTED' })
    expect(service?.requests).toHaveLength(1)
  })

  it('without structured output may fence its JSON', async () => {
    const url = await serve((request) => {
      const cues = askedOf(request)
      return chatReply(`\`\`\`json\n${JSON.stringify({ cues })}\n\`\`\``)
    })
    expect(await translate(openai(url))).toHaveLength(3)
  })
})

describe('DeepL', () => {
  const echo: Answer = (request) => {
    const texts = bodyOf(request)['text'] as string[]
    return json({ translations: texts.map((text) => ({ text })) })
  }

  it.each([
    ['en', 'EN-US'],
    ['pt', 'PT-PT'],
    ['pt-BR', 'PT-BR'],
    ['zh-TW', 'ZH-HANT'],
    ['zh-CN', 'ZH-HANS'],
    ['de-AT', 'DE'],
    ['ja', 'JA'],
  ])('is asked for %s as %s', async (target, expected) => {
    await translate(deepl(await serve(echo)), CUES, { target, source: 'fr-CA' })
    const [request] = service?.requests ?? []
    expect(request?.url).toBe('/v2/translate')
    expect(request?.headers.authorization).toBe('DeepL-Auth-Key deepl-key')
    expect(bodyOf(request)).toMatchObject({ target_lang: expected, source_lang: 'FR' })
  })

  it('finds out the source language when nobody says it', async () => {
    await translate(deepl(await serve(echo)), CUES, { source: null })
    expect(bodyOf(service?.requests[0])).not.toHaveProperty('source_lang')
  })

  it('says which failure is a language that it does not know', async () => {
    const message = "Value for 'target_lang' not supported."
    const url = await serve(() => json({ message }, 400))
    await expect(translate(deepl(url))).rejects.toMatchObject({ code: 'LANGUAGE_UNSUPPORTED' })
  })

  it('out of its quota is final', async () => {
    const url = await serve(() => json({ message: 'Quota Exceeded' }, 456))
    await expect(translate(deepl(url))).rejects.toMatchObject({ code: 'PROVIDER_REJECTED' })
  })

  it('has another host for keys of the free plan', () => {
    expect(deeplUrl('abc:fx')).toBe('https://api-free.deepl.com')
    expect(deeplUrl('abc')).toBe('https://api.deepl.com')
  })
})

describe('LibreTranslate', () => {
  it('gets what its API wants, with the key in the body', async () => {
    const url = await serve(() => json({ translatedText: 'hola' }))
    const translator = createLibretranslate({ url, apiKey: 'libre-key', timeoutMs: 30_000 })
    await translate(translator, cuesOf(['Hello']), { source: null, target: 'zh-TW' })
    const [request] = service?.requests ?? []
    expect(request?.url).toBe('/translate')
    expect(bodyOf(request)).toEqual({
      q: 'Hello',
      source: 'auto',
      target: 'zt',
      format: 'text',
      api_key: 'libre-key',
    })
  })

  it('is asked one by one where it takes no lists', async () => {
    const url = await serve((request) =>
      json({ translatedText: `es ${String(bodyOf(request)['q'])}` }),
    )
    const translated = await translate(libretranslate(url), cuesOf(['one', 'two', 'three']))
    expect(translated.map(({ text }) => text)).toEqual(['es one', 'es two', 'es three'])
  })

  it('says which failure is a language that it does not know', async () => {
    const url = await serve(() => json({ error: 'xx is not supported' }, 400))
    await expect(translate(libretranslate(url))).rejects.toMatchObject({
      code: 'LANGUAGE_UNSUPPORTED',
    })
  })
})
