import { describe, expect, it } from 'vitest'

import { manifestFiles } from '../../src/domain/manifests/manifest-files.ts'
import { describeStream, joinParts, withCaptions } from '../../src/domain/stream-description.ts'
import type { VideoTrack } from '../../src/domain/stream-description.ts'

const video = (name: string, heightPx: number, sizes: readonly number[]): VideoTrack => ({
  name,
  heightPx,
  widthPx: heightPx * 2,
  codecs: 'avc1.64001f',
  timescale: 30_000,
  frameRate: { numerator: 30_000, denominator: 1001 },
  videoRange: 'SDR',
  segments: sizes.map((sizeBytes, index) => ({
    sizeBytes,
    durationTicks: index === sizes.length - 1 ? 1001 : 120_120,
  })),
})

const stream = describeStream({
  video: [
    video('v-720', 720, [500_000, 400_000, 30_000]),
    video('v-360', 360, [50_000, 40_000, 99]),
  ],
  audio: [
    {
      ...{ name: 'audio', codecs: 'mp4a.40.2', timescale: 48_000, language: 'en' },
      ...{ label: 'The "original" & <more>', channels: 2, sampleRateHz: 48_000 },
      segments: [{ durationTicks: 384_384, sizeBytes: 128_128 }],
    },
  ],
})

const textOf = (name: string, of = stream): string =>
  manifestFiles(of).find((file) => file.name === name)?.text ?? ''

describe('the manifests of a stream', () => {
  it('state the bits of the densest stretch, not of a last segment of one frame', () => {
    const master = textOf('master.m3u8')
    const [, largest = ''] = master.split('\n').filter((line) => line.includes('STREAM-INF'))
    const rate = (name: string) => Number(new RegExp(`[:,]${name}=(\\d+)`).exec(largest)?.[1])
    // 500,000 bytes in 4.004 s, and 16 kB/s of sound.
    expect(rate('BANDWIDTH') / ((500_000 * 8) / 4.004 + 128_000)).toBeCloseTo(1, 4)
    const seconds = 8.008 + 1001 / 30_000
    expect(rate('AVERAGE-BANDWIDTH') / ((930_000 * 8) / seconds + 128_000)).toBeCloseTo(1, 4)
  })

  it('name what each rung needs, from small to large', () => {
    const variants = textOf('master.m3u8')
      .split('\n')
      .filter((line) => line.includes('STREAM-INF'))
    expect(variants.map((line) => /RESOLUTION=(\w+)/.exec(line)?.[1])).toEqual([
      '720x360',
      '1440x720',
    ])
    for (const line of variants) {
      expect(line).toContain('CODECS="avc1.64001f,mp4a.40.2"')
      expect(line).toContain('FRAME-RATE=29.970')
      expect(line).toContain('VIDEO-RANGE=SDR,AUDIO="audio",CLOSED-CAPTIONS=NONE')
    }
  })

  it('list every segment with its own length, under relative names', () => {
    expect(textOf('v-720/index.m3u8').split('\n').slice(1)).toEqual([
      '#EXT-X-VERSION:7',
      '#EXT-X-TARGETDURATION:4',
      '#EXT-X-MEDIA-SEQUENCE:1',
      '#EXT-X-PLAYLIST-TYPE:VOD',
      '#EXT-X-INDEPENDENT-SEGMENTS',
      '#EXT-X-MAP:URI="init.mp4"',
      ...['#EXTINF:4.004000,', '00001.m4s', '#EXTINF:4.004000,', '00002.m4s'],
      ...['#EXTINF:0.033367,', '00003.m4s', '#EXT-X-ENDLIST', ''],
    ])
    expect(textOf('manifest.mpd')).toContain('<S t="0" d="120120" r="1"/><S d="1001"/>')
    for (const { text } of manifestFiles(stream))
      expect(text).not.toMatch(/https?:\/\/(?!www)|="\//)
  })

  it('cannot be broken by a label', () => {
    expect(textOf('master.m3u8')).toContain('NAME="The original & <more>"')
    expect(textOf('manifest.mpd')).toContain('The &quot;original&quot; &amp; &lt;more&gt;')
  })

  it('take caption tracks that come later, one a language', () => {
    const once = withCaptions(stream, { language: 'fr', label: 'Français' })
    const twice = withCaptions(withCaptions(once, { language: 'ar', label: '1' }), {
      ...{ language: 'ar', label: 'العربية' },
    })
    expect(textOf('master.m3u8', twice).match(/TYPE=SUBTITLES/g)).toHaveLength(2)
    expect(textOf('master.m3u8', twice)).toContain('SUBTITLES="captions"')
    expect(textOf('captions/ar.m3u8', twice)).toContain('\nar.vtt\n')
    expect(textOf('manifest.mpd', twice)).toContain('<BaseURL>captions/ar.vtt</BaseURL>')
    expect(JSON.parse(textOf('stream.json', twice))).toEqual(twice)
  })
})

describe('joinParts', () => {
  const whole = video('v-720', 720, [1, 2, 3, 4])
  const part = (firstSegment: number, end: number) => ({
    firstSegment,
    track: { ...whole, segments: whole.segments.slice(firstSegment, end) },
  })

  it('puts ranges together in whatever order they came', () => {
    expect(joinParts([part(3, 4), part(0, 1), part(1, 3)])).toEqual(whole)
  })

  it('refuses a gap, a double and a part of something else', () => {
    expect(() => joinParts([])).toThrow(RangeError)
    expect(() => joinParts([part(0, 1), part(2, 4)])).toThrow('segment 1 is next')
    expect(() => joinParts([part(0, 2), part(1, 4)])).toThrow(RangeError)
    const other = { ...part(2, 4), track: { ...part(2, 4).track, codecs: 'avc1.640020' } }
    expect(() => joinParts([part(0, 2), other])).toThrow('is no part of')
  })
})
