import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createOpenaiScorer } from '../../../src/adapters/clips/score-moments.ts'
import { startFakeOpenai } from '../../support/fake-openai.ts'

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

const score = async (output: unknown, count = 20) => {
  openai.scripts.set('', { output })
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
    const moments = [moment('soon', 40), 'prose', { start: 1 }, moment(1, 30), null]
    await expect(score({ moments })).resolves.toHaveLength(1)
  })

  it.each([
    ['prose', 'The best moment is surely the one with the whale.'],
    ['no moment', { moments: [] }],
    ['another shape', { clips: [1] }],
  ])('fails when it answers with %s', async (_, output) => {
    await expect(score(output)).rejects.toMatchObject({ code: 'PROVIDER_OUTPUT_INVALID' })
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
