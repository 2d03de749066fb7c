import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { convertVideo } from '../../../src/adapters/ffmpeg/convert-video.ts'
import { makePreviews } from '../../../src/adapters/ffmpeg/make-previews.ts'
import { previewConversion } from '../../../src/domain/stream-plan.ts'
import { PROGRAMS } from '../../support/converted-media.ts'
import { makeClip } from '../../support/media-corpus.ts'

let folder: string
let clip: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-previews-'))
  clip = await makeClip(folder, 'clip.mp4', { durationSeconds: 3 })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('makePreviews', () => {
  it('makes of one decode the very files that each format has by itself', async () => {
    const conversion = { ...previewConversion(3), widthPx: 80 }
    const [gifPath, webpPath] = [join(folder, 'both.gif'), join(folder, 'both.webp')]
    const made = await makePreviews({ ...PROGRAMS, inputPath: clip, gifPath, webpPath, conversion })
    for (const [format, path] of [['gif', gifPath] as const, ['webp', webpPath] as const]) {
      const outputPath = join(folder, `alone.${format}`)
      const job = { ...PROGRAMS, inputPath: clip, outputPath }
      const alone = await convertVideo({ ...job, conversion: { ...conversion, format } })
      expect(made[format]).toEqual(alone)
      expect((await readFile(path)).equals(await readFile(outputPath))).toBe(true)
    }
    expect(made.gif).toMatchObject({ contentType: 'image/gif', widthPx: 80, heightPx: 60 })
    expect(made.webp.durationSeconds).toBeCloseTo(2, 1)
  })
})
