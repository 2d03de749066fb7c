/** Clips of films whose pictures and sound do not end together. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cutClip } from '../../../src/adapters/clips/cut-clip.ts'
import { measureLoudness } from '../../../src/adapters/ffmpeg/loudness.ts'
import { probe } from '../../../src/adapters/ffmpeg/probe.ts'
import { clipView } from '../../../src/domain/clips/clip-view.ts'
import type { Span } from '../../../src/domain/clips/moment.ts'
import { makeMedia } from '../../support/media-corpus.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-unequal-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const CODECS = {
  mp4: ['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac'],
  // Its streams say nothing of their own length.
  webm: ['-c:v', 'libvpx', '-deadline', 'realtime', '-c:a', 'libopus'],
} as const

const film = (
  format: keyof typeof CODECS,
  { picturesSeconds, soundSeconds }: { picturesSeconds: number; soundSeconds: number },
): Promise<string> =>
  makeMedia(
    folder,
    ...['-f', 'lavfi', '-i', `testsrc2=size=160x90:rate=10:duration=${picturesSeconds}`],
    ...['-f', 'lavfi', '-i', `sine=frequency=440:duration=${soundSeconds}`],
    ...CODECS[format],
    `film-${picturesSeconds}-${soundSeconds}.${format}`,
  )

const cut = async (inputPath: string, span: Span): Promise<string> => {
  const work = await mkdtemp(join(folder, 'cut-'))
  const outputPath = join(work, 'clip.mp4')
  const nobody = { samples: [], samplesPerSecond: 5, cutsSeconds: [] }
  await cutClip({
    ...{ ffmpegPath: 'ffmpeg', ffprobePath: 'ffprobe', timeoutMs: 60_000 },
    ...{ inputPath, outputPath, ...span, folder: work },
    size: { widthPx: 90, heightPx: 160 },
    compose: async (shape) => ({ spans: clipView(nobody, [], shape), captionsFilter: null }),
  })
  return outputPath
}

/** How long its tracks are, and how loud a part of it is; null: it is silent. */
const heard = async (path: string, { startSeconds, endSeconds }: Span) => {
  const { streams } = await probe({ ffprobePath: 'ffprobe', path })
  const { integratedLufs } = await measureLoudness({
    ...{ ffmpegPath: 'ffmpeg', timeoutMs: 60_000, input: ['-i', path] },
    filters: [`atrim=start=${startSeconds}:end=${endSeconds}`],
  })
  const lengths = streams.map(({ kind, durationSeconds = 0 }) => [kind, durationSeconds.toFixed(1)])
  return { lengths, integratedLufs }
}

describe.each(['mp4', 'webm'] as const)(
  'a clip of a film (%s) whose sound ends first',
  (format) => {
    const lengths = [
      ['video', '1.5'],
      ['audio', '1.5'],
    ]

    it('is silent where it begins after the end of the sound', async () => {
      const path = await film(format, { picturesSeconds: 5, soundSeconds: 2 })
      const clip = await cut(path, { startSeconds: 3, endSeconds: 4.5 })
      const whole = { startSeconds: 0, endSeconds: 1.5 }
      expect(await heard(clip, whole)).toEqual({ lengths, integratedLufs: null })
    })

    it('has the sound that is left, as loud as any, and then none', async () => {
      const path = await film(format, { picturesSeconds: 5, soundSeconds: 2 })
      const clip = await cut(path, { startSeconds: 1.2, endSeconds: 2.7 })
      const first = await heard(clip, { startSeconds: 0, endSeconds: 0.7 })
      expect(first.lengths).toEqual(lengths)
      expect(Math.abs(first.integratedLufs! + 14)).toBeLessThan(1.5)
      const rest = await heard(clip, { startSeconds: 0.95, endSeconds: 1.5 })
      expect(rest.integratedLufs).toBeNull()
    })
  },
)

describe('a clip of a film whose pictures end first', () => {
  it('is refused where it would be shorter than was asked for', async () => {
    const path = await film('mp4', { picturesSeconds: 3, soundSeconds: 6 })
    const beyond = { startSeconds: 1.5, endSeconds: 4.5 }
    await expect(cut(path, beyond)).rejects.toMatchObject({ code: 'MEDIA_UNREADABLE' })
    const within = await cut(path, { startSeconds: 1.5, endSeconds: 3 })
    const { durationSeconds } = await probe({ ffprobePath: 'ffprobe', path: within })
    expect(durationSeconds).toBeCloseTo(1.5, 1)
  })
})
