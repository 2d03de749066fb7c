import { describe, expect, test } from 'vitest'
import { changedClip, type ClipAbout } from '../../../src/domain/clips/recut-wish.ts'

const about: ClipAbout = {
  id: 'clip_0000000001',
  number: 1,
  format: 'vertical_1080',
  captions: { preset: 'tiktok', language: 'en' },
  startSeconds: 10,
  endSeconds: 30,
  title: 'A title',
  hook: 'Why?',
  scores: { hook: 80, engagement: 70, value: 60, shareability: 50 },
  reason: 'a question',
  source: 'model',
  layout: 'single',
  degradations: ['heuristicScore', 'centerCrop', 'noCaptions'],
}

const { title, hook, scores, reason } = about

describe('a changed clip', () => {
  test('keeps all that is left out, and what was simplified in the choice of its moment', () => {
    expect(changedClip(about, {})).toEqual({
      format: 'vertical_1080',
      captions: { preset: 'tiktok', language: 'en' },
      moment: {
        moment: { startSeconds: 10, endSeconds: 30, title, hook, scores, reason, source: 'model' },
        degradations: ['heuristicScore'],
      },
    })
  })

  test.each([
    ['start', { startSeconds: 12.345 }, [12.345, 30]],
    ['end', { endSeconds: 29.999 }, [10, 29.999]],
    ['both', { startSeconds: 0, endSeconds: 5 }, [0, 5]],
  ])('whose moment is moved at its %s is the customer’s, to the digit', (_, change, span) => {
    const { moment } = changedClip(about, change).moment
    expect([moment.startSeconds, moment.endSeconds]).toEqual(span)
    expect(moment).toMatchObject({ title, hook, scores, reason, source: 'customer' })
  })

  test('that is given the times it has stays whose it was', () => {
    const { moment } = changedClip(about, { startSeconds: 10, endSeconds: 30 }).moment
    expect(moment.source).toBe('model')
  })

  test('may lose its captions, and have another format', () => {
    const change = { captions: null, format: 'square_1080' } as const
    expect(changedClip(about, change)).toMatchObject(change)
  })
})
