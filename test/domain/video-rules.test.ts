import { describe, expect, test } from 'vitest'
import { PLANS } from '../../src/domain/plans.ts'
import {
  REGION_SECONDS_MIN,
  videoProblems,
  type VideoDraft,
  type VideoMedium,
} from '../../src/domain/video-rules.ts'

const song: VideoMedium = { kind: 'audio', hasAudio: true, durationSeconds: 180 }

const draft = (change: Partial<VideoDraft> = {}): VideoDraft => ({
  region: { startSeconds: 10, endSeconds: 40 },
  hdr: false,
  settings: { resolution: 720, frameRate: 30 },
  ...change,
})

const region = (startSeconds: number, endSeconds: number) =>
  draft({ region: { startSeconds, endSeconds } })

const pathsOf = (
  video: VideoDraft,
  given: Partial<Parameters<typeof videoProblems>[1]> = {},
): string[] => {
  const problems = videoProblems(video, { plan: 'creator', song, background: null, ...given })
  for (const { message, fix } of problems) {
    expect(message).not.toBe('')
    expect(fix).toMatch(/\.$/)
  }
  return problems.map(({ path }) => path)
}

test('a region inside the song that the plan covers has no problems, whatever the plan', () => {
  for (const plan of PLANS) expect(pathsOf(draft(), { plan })).toEqual([])
})

describe('every wrong region is refused at the bound that is wrong', () => {
  test.each([
    ['a start before the song', region(-1, 20), ['region.startSeconds']],
    ['a start at the end', region(20, 20), ['region.startSeconds']],
    ['a start behind the end', region(30, 20), ['region.startSeconds']],
    ['an end behind the song', region(170, 180.01), ['region.endSeconds']],
    ['less than can be drawn', region(1, 1 + REGION_SECONDS_MIN / 2), ['region.endSeconds']],
    [
      'a region wholly behind the song',
      region(400, 390),
      ['region.startSeconds', 'region.endSeconds'],
    ],
    ['a bound that is no number', region(0, Number.NaN), ['region']],
  ])('%s', (_name, video, paths) => {
    expect(pathsOf(video)).toEqual(paths)
  })
})

test('a region may end exactly with the song, also when the length went through floats', () => {
  expect(pathsOf(region(150, 180))).toEqual([])
  expect(pathsOf(region(150, 180 + 1e-9))).toEqual([])
})

test('the fix for an end behind the song names the length of the song', () => {
  const [problem] = videoProblems(region(0, 200), { plan: 'studio', song, background: null })
  expect(problem?.fix).toContain('180 s')
})

describe('what the plan does not cover is refused with the field that asks for it', () => {
  test('length', () => {
    expect(pathsOf(region(0, 61), { plan: 'free' })).toEqual(['region.endSeconds'])
    expect(pathsOf(region(0, 60), { plan: 'free' })).toEqual([])
  })
  test('resolution', () => {
    const sharp = draft({ settings: { resolution: 1080, frameRate: 30 } })
    expect(pathsOf(sharp, { plan: 'free' })).toEqual(['settings.resolution'])
    expect(pathsOf(sharp, { plan: 'creator' })).toEqual([])
  })
  test('HDR', () => {
    expect(pathsOf(draft({ hdr: true }), { plan: 'creator' })).toEqual(['hdr'])
    expect(pathsOf(draft({ hdr: true }), { plan: 'studio' })).toEqual([])
  })
  test('all of it at once', () => {
    const video = {
      ...region(0, 100),
      hdr: true,
      settings: { resolution: 1080, frameRate: 60 },
    } as const
    expect(pathsOf(video, { plan: 'free' })).toEqual([
      'region.endSeconds',
      'settings.resolution',
      'hdr',
    ])
  })
})

test('a song has sound, and a background is a picture', () => {
  const picture: VideoMedium = { kind: 'image', hasAudio: false, durationSeconds: null }
  expect(pathsOf(draft(), { song: picture })).toEqual(['audioMediaId'])
  expect(pathsOf(draft(), { background: song })).toEqual(['settings.backgroundMediaId'])
  expect(pathsOf(draft(), { background: picture })).toEqual([])
})
