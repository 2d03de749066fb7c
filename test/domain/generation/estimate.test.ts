import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  estimatePlan,
  priceOfMediaResult,
  priceOfModelResult,
} from '../../../src/domain/generation/estimate.ts'
import { resultLengths } from '../../../src/domain/generation/lengths.ts'
import type { PlanJob } from '../../../src/domain/generation/plan.ts'
import type { ExpandJob } from '../../../src/domain/generation/scenes.ts'
import { at, by, card, from, item, merge, modelJob } from '../../support/plan-jobs.ts'

const tariff = { plan: 'creator' } as const

const one = (job: PlanJob, others: readonly PlanJob[] = []) => {
  const { lowerCredits, upperCredits } = estimatePlan([...others, job], tariff).jobs.at(-1)!
  return [lowerCredits, upperCredits]
}

const seedance = (params: object) =>
  modelJob('v', 'generate', ['bytedance/seedance-1-pro @ replicate'], { prompt: 'x', ...params })

describe('the estimate of a model job', () => {
  it('is the published price in whole credits of a cent', () => {
    const nano = ['google/nano-banana @ replicate']
    expect(one(modelJob('a', 'generateImage', nano, { prompt: 'x' }))).toEqual([4, 4])
    expect(one(seedance({ durationSeconds: 5, extra: { resolution: '720p' } }))).toEqual([30, 30])
    expect(one(seedance({}))).toEqual([75, 75])
  })

  it('holds as much as the dearest alternative, and hopes for the first', () => {
    const choices = ['minimax/video-01 @ replicate', 'bytedance/seedance-1-pro @ replicate']
    const job = modelJob('v', 'generate', choices, { prompt: 'x', durationSeconds: 6 })
    expect(one(job)).toEqual([50, 90])
  })

  it('goes by the begun thousand characters of what is spoken', () => {
    const eleven = ['elevenlabs/turbo-v2.5 @ elevenlabs']
    expect(one(modelJob('v', 'generateAudio', eleven, { text: 'x'.repeat(1_000) }))).toEqual([5, 5])
    expect(one(modelJob('v', 'generateAudio', eleven, { text: 'x'.repeat(1_001) }))).toEqual([
      10, 10,
    ])
  })

  it('holds for the longest text where another job writes it', () => {
    const writer = modelJob('t', 'generateText', ['openai/gpt-4.1-mini @ openai'], { prompt: 'x' })
    const choices = ['elevenlabs/turbo-v2.5 @ elevenlabs']
    const voice = modelJob('v', 'generateAudio', choices, { text: from('t') })
    const [lower, upper] = one(voice, [writer])
    expect(lower).toBe(5)
    expect(upper).toBe(80)
  })

  it('is what the task costs for engines of ours', () => {
    expect(one(card('a'))).toEqual([1, 1])
    const slide = modelJob('v', 'generate', ['local/pan-zoom @ local'], {
      image: from('a'),
      durationSeconds: 12,
    })
    expect(one(slide, [card('a')])).toEqual([3, 3])
  })

  it('is nothing for accounts that are not billed', () => {
    const { upperCredits } = estimatePlan([seedance({}), card('a')], { plan: 'internal' })
    expect(upperCredits).toBe(0)
  })
})

describe('the estimate of media work', () => {
  it('goes by the length of what comes out', () => {
    const clips = [1, 2, 3].map((index) => ({
      ...seedance({ durationSeconds: 4 }),
      id: `v${index}`,
    }))
    const film = merge('m', [
      ...clips.map(({ id }) => item(from(id))),
      item(at('https://x.test/a.png'), { type: 'image' }),
      item(at('https://x.test/a.mp3'), { type: 'audio', offsetSeconds: 1 }),
    ])
    // 4 + 4 + 4 + 1 seconds, a credit for each begun five.
    expect(one(film, clips)).toEqual([3, 3])
  })

  it('holds for five minutes where nobody has measured', () => {
    expect(one(merge('m', [item(at('https://x.test/a.mp4'))]))).toEqual([1, 60])
  })

  it('goes by the measured length of a medium', () => {
    const medium = {
      media: 'video',
      durationSeconds: 61,
      widthPx: 1,
      heightPx: 1,
      frameRate: 25,
    } as const
    const job: PlanJob = {
      ...{ id: 'r', operation: 'resize', dependsOn: [] },
      params: {
        source: { from: 'medium', mediaId: 'med_12345678' },
        ...{ widthPx: 640, heightPx: null, fit: 'contain' },
      },
    }
    const { jobs } = estimatePlan([job], { ...tariff, mediumOf: () => medium })
    expect(jobs).toEqual([{ jobId: 'r', lowerCredits: 13, upperCredits: 13 }])
  })
})

describe('the estimate of an expansion', () => {
  const expand = (scenesMax: number): ExpandJob => ({
    ...{ id: 'e', operation: 'expand', dependsOn: [] },
    choices: [by('openai/gpt-4.1-mini @ openai')],
    params: {
      ...{ prompt: 'a day', scenesMax, aspectRatio: '16:9', captions: null, transcriber: null },
      image: by('google/nano-banana @ replicate'),
      video: by('bytedance/seedance-1-pro @ replicate'),
      voice: by('elevenlabs/turbo-v2.5 @ elevenlabs'),
    },
  })

  it('holds for every scene that it may grow', () => {
    const uppers = [1, 2, 4].map((scenes) => one(expand(scenes))[1]!)
    expect(uppers[0]).toBeGreaterThan(180)
    expect(uppers[1]! - uppers[0]!).toBeGreaterThan(180)
    expect(uppers[2]).toBeGreaterThan(uppers[1]!)
  })
})

describe('the price of what was delivered', () => {
  it('is by the measured length, not by the one that was asked for', () => {
    const price = priceOfModelResult({
      choice: by('bytedance/seedance-1-pro @ replicate'),
      params: { prompt: 'x', durationSeconds: 10, extra: { resolution: '480p' } },
      result: { durationSeconds: 5.04 },
      plan: 'creator',
    })
    expect(price).toEqual({ credits: 18, costMicroUsd: 180_000 })
  })

  it('counts no second for a millisecond of noise', () => {
    expect(priceOfMediaResult({ media: 'video', durationSeconds: 10.0000001 }, 'creator')).toEqual({
      credits: 2,
      costMicroUsd: 0,
    })
  })

  it('is known to the operator also where the account pays nothing', () => {
    const price = priceOfModelResult({
      choice: by('google/nano-banana @ fal'),
      params: { prompt: 'x' },
      result: { durationSeconds: null },
      plan: 'internal',
    })
    expect(price).toEqual({ credits: 0, costMicroUsd: 39_800 })
  })

  it('is never above what was held for it, with the length that was expected', () => {
    const lengths = fc.integer({ min: 2, max: 12 })
    const resolutions = fc.constantFrom('480p', '720p', '1080p')
    fc.assert(
      fc.property(lengths, resolutions, (durationSeconds, resolution) => {
        const params = { prompt: 'x', durationSeconds, extra: { resolution } }
        const job = seedance(params)
        const [lower, upper] = one(job) as [number, number]
        const { credits } = priceOfModelResult({
          ...{ choice: job.choices[0]!, params, plan: 'creator' },
          result: { durationSeconds },
        })
        expect(credits).toBeGreaterThanOrEqual(lower)
        expect(credits).toBeLessThanOrEqual(upper)
      }),
    )
  })
})

describe('the length of a result', () => {
  it('is that of the sound for a portrait that speaks', () => {
    const voice = modelJob('s', 'generateAudio', ['local/espeak @ local'], { text: 'x'.repeat(88) })
    const portrait = modelJob('p', 'generate', ['veed/fabric-1.0 @ fal'], {
      image: at('https://x.test/a.png'),
      audio: from('s'),
    })
    const lengthOf = resultLengths([voice, portrait])
    expect(lengthOf(from('p'))).toEqual(lengthOf(from('s')))
    expect(lengthOf(from('p'))).toEqual({ lowerSeconds: 4, upperSeconds: 11 })
  })

  it('of a cut is what is left of it', () => {
    const cut = (startSeconds: number, endSeconds: number | null): PlanJob => ({
      ...{ id: 't', operation: 'trim', dependsOn: [] },
      params: { source: at('https://x.test/a.mp4'), startSeconds, endSeconds },
    })
    expect(resultLengths([cut(10, 25)])(from('t')).upperSeconds).toBe(15)
    expect(resultLengths([cut(100, null)])(from('t')).upperSeconds).toBe(200)
  })
})
