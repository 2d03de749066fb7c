import { describe, expect, it } from 'vitest'
import { FORMATS, frameSize, RESOLUTIONS } from '../../src/domain/frame-size.ts'

const EVERY = FORMATS.flatMap((format) => RESOLUTIONS.map((resolution) => ({ format, resolution })))

describe('the size of a frame', () => {
  it.each([
    ['16:9', 720, 1280, 720],
    ['16:9', 1080, 1920, 1080],
    ['9:16', 720, 720, 1280],
    ['9:16', 1080, 1080, 1920],
    ['1:1', 720, 720, 720],
    ['4:5', 720, 720, 900],
    ['4:5', 1080, 1080, 1350],
  ] as const)('%s at %i is %i by %i', (format, resolution, widthPx, heightPx) => {
    expect(frameSize(format, resolution)).toEqual({ widthPx, heightPx })
  })

  it.each(EVERY)('$format at $resolution has even sides, as 4:2:0 chroma needs them', (each) => {
    const { widthPx, heightPx } = frameSize(each.format, each.resolution)
    expect([widthPx % 2, heightPx % 2]).toEqual([0, 0])
  })

  it.each(EVERY)('$format at $resolution has the resolution as its short side', (each) => {
    const { widthPx, heightPx } = frameSize(each.format, each.resolution)
    expect(Math.min(widthPx, heightPx)).toBe(each.resolution)
  })
})
