import { join } from 'node:path'
import { convertImage } from '../src/adapters/ffmpeg/convert-image.ts'
import { makePreviews } from '../src/adapters/ffmpeg/make-previews.ts'
import { runFfmpeg } from '../src/adapters/ffmpeg/process.ts'
import { safeInput } from '../src/adapters/ffmpeg/safe-input.ts'
import { posterConversion, previewConversion } from '../src/domain/stream-plan.ts'
import { atMost, type Figure } from './figure.ts'
import type { Measure, Run } from './run.ts'
import { inTurns, median, secondsOf } from './samples.ts'
import type { BenchStack } from './stack.ts'

const GOAL = 0.1
const TIMEOUT_MS = 600_000
const CLIP_SECONDS = 10

/**
 * Poster and animated previews (GIF and WebP) of a long film in 1080p, against decoding its pictures
 * once: whoever decodes up to the end, or from the start, for a still is found out here.
 */
export const measure: Measure = async (run) => {
  const stack = await run.stack()
  const minutes = run.quick ? 3 : 10
  const inputPath = await makeFilm(stack, minutes)
  const poster = posterConversion(minutes * 60)
  const preview = previewConversion(minutes * 60)
  const programs = {
    ffmpegPath: stack.config.settings.SPOOL_FFMPEG_PATH,
    ffprobePath: stack.config.settings.SPOOL_FFPROBE_PATH,
    timeoutMs: TIMEOUT_MS,
  }
  const job = { ...programs, inputPath }
  const pathOf = (name: string) => join(stack.dir, name)
  const makeStills = async () => {
    await convertImage({ ...job, outputPath: pathOf('poster.webp'), conversion: poster })
    const [gifPath, webpPath] = [pathOf('preview.gif'), pathOf('preview.webp')]
    await makePreviews({ ...job, gifPath, webpPath, conversion: preview })
  }
  const decode = () =>
    runFfmpeg({
      ...programs,
      args: [...safeInput({ path: inputPath }), '-map', '0:v:0', '-f', 'null', '-'],
    })
  const { ours, yardstick } = await inTurns(run.quick ? 1 : 2, {
    ours: () => secondsOf(makeStills),
    yardstick: () => secondsOf(decode),
  })
  return [figureOf(run, { minutes, ours: median(ours), yardstick: median(yardstick) })]
}

const figureOf = (
  { quick }: Run,
  { minutes, ours, yardstick }: { minutes: number; ours: number; yardstick: number },
): Figure => ({
  name: `stills: poster and previews of ${minutes} minutes in 1080p${quick ? ' (quick)' : ''}`,
  ours: `${ours.toFixed(1)} s`,
  yardstick: `${yardstick.toFixed(1)} s decoding once`,
  // Stills cost the same of every film; decoding grows with it.
  ...atMost((ours / yardstick) * (minutes / 10), GOAL),
})

/** Ten seconds that move and rustle, encoded once and repeated: the decoder cannot tell. */
const makeFilm = async (stack: BenchStack, minutes: number): Promise<string> => {
  const ffmpegPath = stack.config.settings.SPOOL_FFMPEG_PATH
  const clipPath = join(stack.dir, 'clip.mp4')
  const filmPath = join(stack.dir, 'film.mp4')
  const source = `testsrc2=size=1920x1080:rate=24:duration=${CLIP_SECONDS}`
  await runFfmpeg({
    ffmpegPath,
    timeoutMs: TIMEOUT_MS,
    args: [
      ...['-f', 'lavfi', '-i', source, '-vf', 'noise=alls=6:allf=t,format=yuv420p'],
      ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '26', `file:${clipPath}`],
    ],
  })
  const repeats = (minutes * 60) / CLIP_SECONDS - 1
  await runFfmpeg({
    ffmpegPath,
    timeoutMs: TIMEOUT_MS,
    args: [
      ...['-stream_loop', String(repeats), '-i', `file:${clipPath}`, '-c', 'copy'],
      ...['-movflags', '+faststart', `file:${filmPath}`],
    ],
  })
  return filmPath
}
