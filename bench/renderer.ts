import { createReadStream } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { pipeline } from 'node:stream/promises'
import { startEncoder } from '../src/adapters/renderer/encoder.ts'
import { renderVideo } from '../src/adapters/renderer/render-video.ts'
import { frameBytes } from '../src/adapters/renderer/scene.ts'
import { openScene } from '../src/adapters/renderer/sources.ts'
import { planTerms } from '../src/domain/plans.ts'
import {
  DEFAULT_ACCENT_COLOR,
  TEMPLATES,
  type RenderSpec,
  type Template,
} from '../src/domain/render-spec.ts'
import { makeSong } from './customer.ts'
import { atLeast, type Figure } from './figure.ts'
import type { Measure } from './run.ts'
import { inTurns, median, secondsOf } from './samples.ts'
import type { BenchStack } from './stack.ts'

const GOAL = 0.6
const FRAME_RATE = 30
const TIMEOUT_MS = 300_000

const specOf = (template: Template): RenderSpec => ({
  template,
  widthPx: 1280,
  heightPx: 720,
  frameRate: FRAME_RATE,
  hdr: false,
  title: 'Benchmark',
  artist: 'Spool',
  accentColor: DEFAULT_ACCENT_COLOR,
  crf: planTerms('creator').crf,
})

/**
 * Frames per second of each template, from the audio file to the finished MP4; against the same
 * encoder fed with the same frames, drawn beforehand, through the same kind of pipe.
 */
export const measure: Measure = async (run) => {
  const stack = await run.stack()
  const seconds = run.quick ? 4 : 10
  const pairs = run.quick ? 1 : 3
  const audioPath = await makeSong(stack, seconds)
  const figures: Figure[] = []
  for (const template of TEMPLATES) {
    figures.push(await measureTemplate(stack, specOf(template), { audioPath, seconds, pairs }))
  }
  return figures
}

const measureTemplate = async (
  stack: BenchStack,
  spec: RenderSpec,
  job: { readonly audioPath: string; readonly seconds: number; readonly pairs: number },
): Promise<Figure> => {
  const { audioPath, pairs } = job
  const { signal } = new AbortController()
  const ffmpegPath = stack.config.settings.SPOOL_FFMPEG_PATH
  const framesPath = join(stack.dir, 'frames.rgba')
  const outputPath = join(stack.dir, 'frames.mp4')
  const decode = { ffmpegPath, signal, timeoutMs: TIMEOUT_MS }
  const scene = await openScene({ spec, audioPath }, decode)
  try {
    await drawFrames(scene, framesPath, frameBytes(spec))
    const encode = async () => {
      const range = { firstFrame: 0, frameCount: scene.frameCount }
      const encoder = startEncoder({
        ...decode,
        spec,
        range,
        audioPath,
        outputPath,
        threads: undefined,
      })
      if (encoder.stdin === null) throw new Error('the encoder has no input')
      const frames = createReadStream(framesPath, { highWaterMark: frameBytes(spec) })
      await Promise.all([pipeline(frames, encoder.stdin), encoder.finished])
    }
    const { ours, yardstick } = await inTurns(pairs, {
      ours: () => secondsOf(() => renderVideo({ ...decode, spec, audioPath, outputPath })),
      yardstick: () => secondsOf(encode),
    })
    const mine = scene.frameCount / median(ours)
    const bare = scene.frameCount / median(yardstick)
    return {
      name: `renderer: ${spec.template}, 1280×720`,
      ours: `${mine.toFixed(0)} frames/s`,
      yardstick: `${bare.toFixed(0)} frames/s encoder alone`,
      ...atLeast(mine / bare, GOAL),
    }
  } finally {
    await rm(framesPath, { force: true })
  }
}

const drawFrames = async (
  scene: Awaited<ReturnType<typeof openScene>>,
  path: string,
  sizeBytes: number,
): Promise<void> => {
  const file = await open(path, 'w')
  const pixels = new Uint8Array(sizeBytes)
  try {
    for (let frame = 0; frame < scene.frameCount; frame += 1) {
      scene.drawFrame(frame, pixels)
      await file.write(pixels)
      await nextTurn()
    }
  } finally {
    await file.close()
  }
}
