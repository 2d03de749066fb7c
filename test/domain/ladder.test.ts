import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'

import { planLadder, rungGroups, segmentRanges } from '../../src/domain/ladder.ts'
import type { LadderWish } from '../../src/domain/ladder.ts'
import type { MediaProbe, MediaStream } from '../../src/domain/media-probe.ts'
import { readPictureTiming } from '../../src/domain/picture-timing.ts'
import type { PicturePackets } from '../../src/domain/picture-timing.ts'
import { framesPerSecond } from '../../src/domain/rational-rate.ts'

const WISH: LadderWish = { renditions: 'auto', hdr: false, audioTracks: 'all' }

const packetsAt = (rate: number, frames: number, keyEvery: number): PicturePackets => ({
  seconds: Array.from({ length: frames }, (_, frame) => frame / rate),
  sizeBytes: Array.from({ length: frames }, () => 1_000),
  keyPackets: Array.from({ length: Math.ceil(frames / keyEvery) }, (_, key) => key * keyEvery),
  lastDurationSeconds: 1 / rate,
  hasHidden: false,
  ticksPerSecond: 90_000,
})

const plan = (options: {
  readonly video?: Partial<MediaStream>
  readonly packets?: PicturePackets
  readonly wish?: Partial<LadderWish>
}) => {
  const probe: MediaProbe = {
    formatName: 'mov,mp4,m4a,3gp,3g2,mj2',
    durationSeconds: 10,
    durationIsEstimated: false,
    sizeBytes: 1,
    bitrateKbps: 1,
    streams: [
      {
        ...{ index: 0, kind: 'video', codec: 'h264', isAttachedPicture: false },
        ...{ widthPx: 1920, heightPx: 1080, pixelFormat: 'yuv420p' },
        ...options.video,
      },
    ],
  }
  const timing = readPictureTiming(options.packets ?? packetsAt(25, 250, 50))
  return planLadder({ probe, timing }, { ...WISH, ...options.wish })
}

const sizes = (ladder: ReturnType<typeof plan>) =>
  ladder.rungs.map(({ widthPx, heightPx }) => `${widthPx}x${heightPx}`)

describe('planLadder', () => {
  test.prop([fc.integer({ min: 2, max: 7_680 }), fc.integer({ min: 2, max: 4_320 })])(
    'never makes pictures larger than the source, odd, or of another shape',
    (widthPx, heightPx) => {
      const { rungs } = plan({ video: { widthPx, heightPx } })
      expect(rungs.length).toBeGreaterThan(0)
      expect(new Set(rungs.map(({ name }) => name)).size).toBe(rungs.length)
      for (const rung of rungs) {
        expect([rung.widthPx % 2, rung.heightPx % 2]).toEqual([0, 0])
        expect(rung.widthPx).toBeLessThanOrEqual(widthPx)
        expect(rung.heightPx).toBeLessThanOrEqual(heightPx)
        // Both sides are rounded to even numbers, by less than two.
        const ratio = Math.max(rung.widthPx / widthPx, rung.heightPx / heightPx)
        expect(Math.abs(rung.widthPx - widthPx * ratio)).toBeLessThan(2 + (2 * widthPx) / heightPx)
        expect(Math.abs(rung.heightPx - heightPx * ratio)).toBeLessThan(
          2 + (2 * heightPx) / widthPx,
        )
      }
    },
  )

  it('offers the usual rungs below the source, and its own size where they are far below', () => {
    expect(sizes(plan({}))).toEqual(['1920x1080', '1280x720', '854x480', '640x360'])
    expect(sizes(plan({ video: { widthPx: 1600, heightPx: 900 } }))[0]).toBe('1600x900')
    expect(sizes(plan({ video: { widthPx: 1366, heightPx: 768 } }))[0]).toBe('1280x720')
    expect(sizes(plan({ video: { widthPx: 176, heightPx: 144 } }))).toEqual(['176x144'])
    expect(sizes(plan({ video: { rotationDegrees: 90 } }))[1]).toBe('720x1280')
    expect(sizes(plan({ wish: { renditions: [2160, 240] } }))).toEqual(['426x240'])
  })

  it('copies pictures that fit, with segments as long as their key frames allow', () => {
    const methods = (ladder: ReturnType<typeof plan>) => ladder.rungs.map(({ method }) => method)
    const fits = plan({ packets: packetsAt(25, 250, 75) })
    expect(methods(fits)).toEqual(['copy', 'encode', 'encode', 'encode'])
    expect([fits.framesPerSegment, fits.timescale, fits.ticksPerFrame]).toEqual([75, 90_000, 3_600])
    const odd: [string, Parameters<typeof plan>[0]][] = [
      ['rare key frames', { packets: packetsAt(25, 500, 240) }],
      ['another codec', { video: { codec: 'hevc' } }],
      ['ten bits', { video: { pixelFormat: 'yuv420p10le' } }],
      ['oblong pixels', { video: { pixelAspectRatio: 4 / 3 } }],
      ['half pictures', { video: { isInterlaced: true } }],
      ['hidden frames', { packets: { ...packetsAt(25, 250, 50), hasHidden: true } }],
      ['a coarse clock', { packets: { ...packetsAt(25, 250, 50), ticksPerSecond: 999 } }],
      [
        'too many bits',
        {
          packets: { ...packetsAt(25, 250, 50), sizeBytes: Array.from({ length: 250 }, () => 1e5) },
        },
      ],
    ]
    for (const [why, source] of odd) expect(methods(plan(source)), why).not.toContain('copy')
  })

  it('takes key frames that others before them refer to for what they are', () => {
    const { seconds, ...packets } = packetsAt(25, 250, 50)
    // Each second key frame is followed by a picture that is shown before it.
    const open = seconds.map((at, packet) =>
      packet % 100 === 50 ? at + 0.04 : packet % 100 === 51 ? at - 0.04 : at,
    )
    expect(plan({ packets: { ...packets, seconds: open } }).rungs[0]?.method).toBe('copy')
    expect(plan({ packets: { ...packets, seconds: open } }).framesPerSegment).toBe(100)
  })

  it('makes a constant rate of every source, of at most sixty frames', () => {
    const rateOf = (packets: PicturePackets) => framesPerSecond(plan({ packets }).frameRate)
    expect(rateOf(packetsAt(30_000 / 1001, 300, 50))).toBeCloseTo(29.97, 2)
    expect(rateOf(packetsAt(120, 300, 50))).toBe(60)
    expect(rateOf(packetsAt(17.5, 300, 50))).toBe(17.5)
    const varying = packetsAt(30, 300, 50)
    const some = varying.seconds.filter((_, frame) => frame % 3 !== 0 || frame % 5 === 0)
    expect(rateOf({ ...varying, seconds: some })).toBe(30)
  })

  it('keeps high range beside standard rungs, for which it is mapped', () => {
    const video = { codec: 'hevc', colorTransfer: 'smpte2084', pixelFormat: 'yuv420p10le' }
    expect(plan({ video }).rungs.every(({ videoRange }) => videoRange === 'SDR')).toBe(true)
    const kept = plan({ video, wish: { hdr: true, renditions: [1080] } })
    expect(kept.rungs.map(({ name }) => name)).toEqual(['v-1080', 'v-1080-hdr'])
  })
})

describe('the order of work', () => {
  it('begins with what can be played at once', () => {
    expect(rungGroups(plan({}))).toEqual([['v-1080'], ['v-720', 'v-480', 'v-360']])
    const long = plan({ packets: packetsAt(25, 2_000, 240) })
    expect(rungGroups(long)).toEqual([['v-360'], ['v-1080', 'v-720', 'v-480']])
    expect(rungGroups(plan({ video: { codec: 'vp9' } }))).toHaveLength(1)
  })

  test.prop([fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: 1, max: 40 })])(
    'cuts a film into ranges that are each made once',
    (frames, wanted) => {
      const ladder = plan({ packets: packetsAt(25, frames, 240) })
      const ranges = segmentRanges(ladder, wanted)
      let next = 0
      for (const { firstSegment, segmentCount } of ranges) {
        expect(firstSegment).toBe(next)
        expect(segmentCount).toBeGreaterThan(0)
        next += segmentCount
      }
      expect(next).toBe(ladder.segmentCount)
      expect(ranges.length).toBeLessThanOrEqual(wanted)
    },
  )
})
