import { describe, expect, it } from 'vitest'

import { judgeMedia } from '../../src/domain/media-judgement.ts'
import { MEDIA_LIMITS } from '../../src/domain/media-limits.ts'
import type { MediaProbe, MediaStream } from '../../src/domain/media-probe.ts'

const sound: MediaStream = {
  index: 0,
  kind: 'audio',
  codec: 'mp3',
  sampleRateHz: 44_100,
  channels: 2,
  isAttachedPicture: false,
}
const picture: MediaStream = {
  index: 1,
  kind: 'video',
  codec: 'h264',
  widthPx: 1920,
  heightPx: 1080,
  frameRate: 30,
  isAttachedPicture: false,
}
const cover: MediaStream = {
  ...picture,
  codec: 'mjpeg',
  frameRate: 90_000,
  isAttachedPicture: true,
}

const probed = (changes: Partial<MediaProbe> = {}): MediaProbe => ({
  formatName: 'mp3',
  durationSeconds: 180,
  durationIsEstimated: false,
  sizeBytes: 4_000_000,
  bitrateKbps: 192,
  streams: [sound],
  ...changes,
})

const judge = (changes: Partial<MediaProbe>, needs?: 'audio') =>
  judgeMedia(probed(changes), { limits: MEDIA_LIMITS, ...(needs ? { needs } : {}) })

describe('judgeMedia', () => {
  it.each([
    ['a song', {}, 'audio'],
    ['a song with a cover, whose frame rate is a fiction', { streams: [sound, cover] }, 'audio'],
    ['a film', { streams: [sound, picture] }, 'video'],
    ['a song that does not know its length', { durationSeconds: null }, 'audio'],
    [
      'a picture',
      { formatName: 'png_pipe', durationSeconds: null, streams: [{ ...picture, index: 0 }] },
      'image',
    ],
  ])('admits %s', (_what, changes, kind) => {
    expect(judge(changes)).toEqual({ ok: true, kind })
  })

  it.each([
    ['no streams', { streams: [] }, 'MEDIA_UNREADABLE'],
    ['subtitles only', { streams: [{ ...sound, kind: 'subtitle' as const }] }, 'MEDIA_UNREADABLE'],
    ['no length', { durationSeconds: 0 }, 'MEDIA_UNREADABLE'],
    ['a length below zero', { durationSeconds: -1 }, 'MEDIA_UNREADABLE'],
    ['sound of no channels', { streams: [{ ...sound, channels: 0 }] }, 'MEDIA_UNREADABLE'],
    ['pictures of no size', { streams: [{ ...picture, widthPx: 0 }] }, 'MEDIA_UNREADABLE'],
    ['ten hours', { durationSeconds: 36_000 }, 'MEDIA_TOO_LARGE'],
    [
      'ten hours in a stream',
      { streams: [{ ...sound, durationSeconds: 36_000 }] },
      'MEDIA_TOO_LARGE',
    ],
    ['too many bytes', { sizeBytes: 3_000_000_000 }, 'MEDIA_TOO_LARGE'],
    ['33 streams', { streams: Array.from({ length: 33 }, () => sound) }, 'MEDIA_TOO_LARGE'],
    ['huge pictures', { streams: [{ ...picture, widthPx: 40_000 }] }, 'MEDIA_TOO_LARGE'],
    ['a huge cover', { streams: [sound, { ...cover, widthPx: 40_000 }] }, 'MEDIA_TOO_LARGE'],
    ['a million frames a second', { streams: [{ ...picture, frameRate: 1e6 }] }, 'MEDIA_TOO_LARGE'],
    ['255 channels', { streams: [{ ...sound, channels: 255 }] }, 'MEDIA_TOO_LARGE'],
    ['768 kHz', { streams: [{ ...sound, sampleRateHz: 768_000 }] }, 'MEDIA_TOO_LARGE'],
  ])('refuses %s', (_what, changes, code) => {
    expect(judge(changes)).toMatchObject({ ok: false, code, problems: [{ path: 'file' }] })
  })

  it('wants sound only where it is needed', () => {
    expect(judge({ streams: [picture] })).toEqual({ ok: true, kind: 'video' })
    expect(judge({ streams: [picture] }, 'audio')).toMatchObject({ code: 'MEDIA_NO_AUDIO' })
    expect(judge({ streams: [cover] }, 'audio')).toMatchObject({ code: 'MEDIA_UNREADABLE' })
  })

  it('names everything that is wrong, and how to mend it', () => {
    const judgement = judge({ durationSeconds: 36_000, streams: [{ ...sound, channels: 255 }] })
    expect(judgement).toEqual({
      ok: false,
      code: 'MEDIA_TOO_LARGE',
      problems: [
        { path: 'file', message: 'is 36000 seconds long', fix: 'send at most 14400 seconds' },
        { path: 'file', message: 'stream 0 has 255 channels', fix: 'send at most 8 channels' },
      ],
    })
  })
})
