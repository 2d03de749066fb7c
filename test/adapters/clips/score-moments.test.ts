import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createOpenaiScorer } from '../../../src/adapters/clips/score-moments.ts'
import type { FakeScript } from '../../support/fake-model-desk.ts'
import { startFakeOpenai } from '../../support/fake-openai.ts'
import { mapMemory } from '../../support/map-memory.ts'

let openai: Awaited<ReturnType<typeof startFakeOpenai>>
beforeAll(async () => {
  openai = await startFakeOpenai()
})
afterAll(() => openai.close())

const sentences = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    startSeconds: index * 4,
    endSeconds: index * 4 + 3.5,
    text: `Sentence number ${index} says something about whales.`,
  }))

const moment = (start: unknown, end: unknown) => ({
  start,
  end,
  title: 'Whales',
  hook: 'Sentence number 3',
  scores: { hook: 90, engagement: 80, value: 70, shareability: 60 },
  reason: 'It makes curious.',
})

const withHook = (hook: unknown) => ({
  ...moment(1, 30),
  scores: { hook, engagement: 80, value: 70, shareability: 60 },
})

const score = async (output: unknown, count = 20, remember = mapMemory()) =>
  await scoreBy({ output }, count, remember)

const scoreBy = async (script: FakeScript, count = 20, remember = mapMemory()) => {
  openai.scripts.set('', script)
  const scorer = createOpenaiScorer({
    url: openai.baseUrl,
    apiKey: openai.apiKey,
    model: 'a-model',
    timeoutMs: 10_000,
  })
  return await scorer.findMoments({
    sentences: sentences(count),
    limits: { count: 3, minSeconds: 15, maxSeconds: 60 },
    wish: 'the "funniest" answers',
    signal: new AbortController().signal,
    remember,
  })
}

describe('the scoring model', () => {
  it('gets the times and the wish, and its moments come back as they are', async () => {
    const [found] = await score({ moments: [moment(12, 40)] })
    expect(found).toMatchObject({ startSeconds: 12, endSeconds: 40, source: 'model' })
    const { messages, response_format: format } = openai.orders.at(-1)!.input as {
      messages: { content: string }[]
      response_format: { type: string }
    }
    expect(messages[0]!.content).toContain(String.raw`\"funniest\"`)
    expect(messages[1]!.content).toContain('[12.0-15.5] Sentence number 3')
    expect(format.type).toBe('json_schema')
  })

  it('may name times outside the video and 500 moments: all of that is for others to fit', async () => {
    const moments = Array.from({ length: 500 }, (_, index) => moment(index * 100 - 50, index))
    await expect(score({ moments })).resolves.toHaveLength(500)
  })

  it('loses what is nonsense and keeps the rest', async () => {
    const moments = [
      ...[moment('soon', 40), 'prose', { start: 1 }, moment(1, 30), null],
      ...[moment(null, 40), moment(1, 'NaN'), { ...moment(1, 30), title: 'T'.repeat(1_000_000) }],
      { ...moment(1, 30), title: '' },
      { ...moment(1, 30), reason: 7 },
      ...[-1, 101, '90', null].map((hook) => withHook(hook)),
    ]
    await expect(score({ moments })).resolves.toHaveLength(1)
  })

  it('may reverse the times of a moment: that is for others to turn round', async () => {
    const [found] = await score({ moments: [moment(40, 12)] })
    expect(found).toMatchObject({ startSeconds: 40, endSeconds: 12 })
  })

  it.each([
    ['prose', 'The best moment is surely the one with the whale.'],
    ['no moment', { moments: [] }],
    ['another shape', { clips: [1] }],
    ['JSON that breaks off', '{"moments":[{"start":12,"end":40,"title":"Wha'],
    ['numbers that are none', '{"moments":[{"start":NaN,"end":40}]}'],
    ['nothing', ''],
    ['a list', [moment(12, 40)]],
    ['moments without a score', { moments: [{ ...moment(12, 40), scores: {} }] }],
  ])('fails when it answers with %s', async (_, output) => {
    await expect(score(output)).rejects.toMatchObject({ code: 'PROVIDER_OUTPUT_INVALID' })
  })

  it.each([
    ['a page', 'page'],
    ['half of an answer', 'truncated'],
    ['an answer without end', 'huge'],
  ] as const)('fails when its server gives %s', async (_, order) => {
    await expect(scoreBy({ order })).rejects.toMatchObject({ code: 'PROVIDER_OUTPUT_INVALID' })
  })

  it.each([
    ['hangs up', 'cut', 'PROVIDER_UNAVAILABLE'],
    ['is overloaded', 503, 'PROVIDER_UNAVAILABLE'],
    ['knows no such key', 401, 'PROVIDER_REJECTED'],
  ] as const)('fails when its server %s', async (_, order, code) => {
    await expect(scoreBy({ order })).rejects.toMatchObject({ code })
  })

  it('is not asked again about what an earlier attempt has paid for', async () => {
    const remember = mapMemory()
    const before = openai.orders.length
    const script = { output: { moments: [moment(12, 40)] } }
    // The first part is answered, the second is not.
    openai.scripts.set('Sentence number 1999 ', { order: 500 })
    await expect(scoreBy(script, 2000, remember)).rejects.toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
    })
    const paid = openai.orders.length - before
    expect(paid).toBeGreaterThan(0)
    openai.scripts.delete('Sentence number 1999 ')
    const found = await scoreBy(script, 2000, remember)
    const parts = openai.orders.length - before
    expect(found).toHaveLength(parts)
    await scoreBy(script, 2000, remember)
    expect(openai.orders.length - before).toBe(parts)
    expect(
      new Set(openai.orders.slice(before).map(({ input }) => JSON.stringify(input))).size,
    ).toBe(parts)
  })

  it('may talk nonsense about one part: the others stand, and it is asked about that one again', async () => {
    const remember = mapMemory()
    const script = { output: { moments: [moment(12, 40)] } }
    openai.scripts.set('Sentence number 1999 ', { output: 'I liked the end.' })
    const before = openai.orders.length
    const found = await scoreBy(script, 2000, remember)
    const parts = openai.orders.length - before
    expect(found).toHaveLength(parts - 1)
    openai.scripts.delete('Sentence number 1999 ')
    await expect(scoreBy(script, 2000, remember)).resolves.toHaveLength(parts)
    expect(openai.orders.length - before).toBe(parts + 1)
  })

  it('is asked part by part of a recording of hours', async () => {
    const before = openai.orders.length
    await score({ moments: [moment(12, 40)] }, 2000)
    expect(openai.orders.length - before).toBeGreaterThan(2)
    for (const { input } of openai.orders.slice(before)) {
      const { messages } = input as { messages: { content: string }[] }
      expect(messages[1]!.content.length).toBeLessThan(45_000)
    }
  })
})
