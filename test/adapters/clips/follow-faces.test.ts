import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cutClip } from '../../../src/adapters/clips/cut-clip.ts'
import { SAMPLES_PER_SECOND } from '../../../src/adapters/clips/sample-pictures.ts'
import { probe } from '../../../src/adapters/ffmpeg/probe.ts'
import { clipView } from '../../../src/domain/clips/clip-view.ts'
import { makeMedia } from '../../support/media-corpus.ts'
import { watchFaces } from '../../support/watch-faces.ts'

/** A face picture on its way over a field: its centre is at 150 + 60 t of 1280 pixels in the first
 * three seconds; after a cut it is at the right, and stays. */
const FACE = join(import.meta.dirname, '../../media/astronaut.jpg')
const SECONDS = 5
const CUT_SECONDS = 3
const WIDTH_PX = 640
const centerPx = (seconds: number) => (seconds < CUT_SECONDS ? 150 + 60 * seconds : 480)

let folder: string
let sourcePath: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-faces-'))
  sourcePath = await makeMedia(
    folder,
    ...['-f', 'lavfi', '-i', `color=0x203040:size=640x360:rate=30:duration=${CUT_SECONDS}`],
    ...[
      '-f',
      'lavfi',
      '-i',
      `color=0xc0b090:size=640x360:rate=30:duration=${SECONDS - CUT_SECONDS}`,
    ],
    ...['-loop', '1', '-framerate', '30', '-t', String(SECONDS), '-i', FACE],
    ...['-f', 'lavfi', '-i', `sine=frequency=300:duration=${SECONDS}`],
    '-filter_complex',
    `[0][1]concat[field];[2]scale=256:256[face];[field][face]overlay=x='if(lt(t,${CUT_SECONDS}),32+60*t,362)':y=50[v]`,
    ...[
      '-map',
      '[v]',
      '-map',
      '3',
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
      '-pix_fmt',
      'yuv420p',
    ],
    ...['-c:a', 'aac', 'film.mp4'],
  )
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const work = async () => {
  const path = await mkdtemp(join(folder, 'work-'))
  return (name: string) => join(path, name)
}

const watch = async (inputPath: string) => {
  const { samples, cutsSeconds } = await watchFaces({ inputPath, endSeconds: SECONDS, folder })
  return { cutsSeconds, faces: samples }
}

describe('a face', () => {
  it('is found where it is, and the cut when it comes', async () => {
    const { cutsSeconds, faces } = await watch(sourcePath)
    expect(cutsSeconds).toEqual([CUT_SECONDS])
    expect(faces).toHaveLength(SECONDS * SAMPLES_PER_SECOND)
    const errors = faces.map(([face], sample) => {
      const atPx = ((face?.x ?? 0) + (face?.width ?? 0) / 2) * WIDTH_PX
      // The face of the picture is a little left of its middle.
      return Math.abs(atPx - (centerPx(sample / SAMPLES_PER_SECOND) - 10))
    })
    expect(Math.max(...errors)).toBeLessThan(0.03 * WIDTH_PX)
  })

  it('stays in the middle of the clip, also across the cut', async () => {
    const { cutsSeconds, faces } = await watch(sourcePath)
    const workPath = await work()
    const outputPath = workPath('clip.mp4')
    await cutClip({
      ffmpegPath: 'ffmpeg',
      ffprobePath: 'ffprobe',
      inputPath: sourcePath,
      outputPath,
      timeoutMs: 60_000,
      startSeconds: 0,
      endSeconds: SECONDS,
      size: { widthPx: 270, heightPx: 480 },
      folder: workPath(''),
      compose: async (shape) => ({
        spans: clipView(
          { samples: faces, samplesPerSecond: SAMPLES_PER_SECOND, cutsSeconds },
          [],
          shape,
        ),
        captionsFilter: null,
      }),
    })
    const made = await probe({ ffprobePath: 'ffprobe', path: outputPath })
    expect(made.durationSeconds).toBeCloseTo(SECONDS, 1)
    const { faces: seen } = await watch(outputPath)
    const errors = seen.map(([face]) => Math.abs((face?.x ?? 0) + (face?.width ?? 0) / 2 - 0.5))
    expect(Math.max(...errors)).toBeLessThan(0.1)
    expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeLessThan(0.05)
  })
})
