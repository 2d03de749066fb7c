import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { toolchain } from '../scripts/stack/toolchain.ts'
import { packageStream } from '../src/adapters/ffmpeg/ladder/package-stream.ts'
import { makeFilm, streamSeconds, uploadMedium } from './customer.ts'
import { atMost } from './figure.ts'
import type { Measure } from './run.ts'
import { inTurns, median, secondsOf } from './samples.ts'

const GOAL = 1.15
const LINES = 1080

/**
 * A whole stream by HTTP, from the order to its end (ladder, poster, previews, transcript where there
 * is a local engine, storyboard, waveform), against its slowest branch alone: the ladder of the same
 * film, by the same tool, with nothing beside it.
 */
export const measure: Measure = async (run) => {
  const stack = await run.stack()
  const seconds = run.quick ? 10 : 30
  const path = await makeFilm(stack, { seconds, lines: LINES })
  const mediaId = await uploadMedium(stack, path)
  const { pythonPath } = toolchain()
  const worker = await stack.startWorker({
    env: pythonPath === null ? {} : { SPOOL_PYTHON_PATH: pythonPath },
  })
  const outputDir = join(stack.dir, 'ladder-alone')
  const ladderAlone = async () => {
    await mkdir(outputDir)
    const took = await secondsOf(() =>
      packageStream({
        ffmpegPath: stack.config.settings.SPOOL_FFMPEG_PATH,
        ffprobePath: stack.config.settings.SPOOL_FFPROBE_PATH,
        timeoutMs: 1_200_000,
        inputPath: path,
        outputDir,
        wish: { renditions: 'auto', hdr: false, audioTracks: 'first' },
      }),
    )
    await rm(outputDir, { recursive: true })
    return took
  }
  try {
    const { ours, yardstick } = await inTurns(run.quick ? 1 : 3, {
      ours: () => streamSeconds(stack, mediaId),
      yardstick: ladderAlone,
    })
    return [
      {
        name: `stream: ${seconds} s of ${LINES}p, all branches`,
        ours: `${median(ours).toFixed(1)} s`,
        yardstick: `${median(yardstick).toFixed(1)} s the ladder alone`,
        ...atMost(median(ours) / median(yardstick), GOAL),
      },
    ]
  } finally {
    await worker.stop()
  }
}
