import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { rm, writeFile } from 'node:fs/promises'
import { runMediaOperation } from '../src/adapters/ffmpeg/compose/run-media-operation.ts'
import { runFfmpeg } from '../src/adapters/ffmpeg/process.ts'
import type { MergeParams } from '../src/domain/generation/job-params.ts'
import { atMost, type Figure } from './figure.ts'
import type { Measure } from './run.ts'
import { inTurns, median, secondsOf } from './samples.ts'
import type { BenchStack } from './stack.ts'

const GOALS = { asTheyAre: 1.3, converted: 1.1 } as const
const CLIPS = 20
const TIMEOUT_MS = 600_000

type Plan = Pick<MergeParams<unknown>, 'widthPx' | 'heightPx' | 'frameRate'>

interface Clips {
  readonly ffmpegPath: string
  readonly ffprobePath: string
  readonly folder: string
  readonly paths: readonly string[]
}

/**
 * A merge of twenty clips: of one make against FFmpeg's own copy of a list, and with everything to be
 * converted against one filter graph, as somebody writes it who knows all clips beforehand.
 */
export const measure: Measure = async (run) => {
  const stack = await run.stack()
  const clips = await makeClips(stack, run.quick ? 2 : 4)
  const convert = { widthPx: 640, heightPx: 360, frameRate: 25 }
  const pairs = run.quick ? 2 : 4
  const asTheyAre = await inTurns(pairs * 2, {
    ours: () => secondsOf(() => merge(clips, { widthPx: null, heightPx: null, frameRate: null })),
    yardstick: () => secondsOf(() => copyList(clips)),
  })
  const converted = await inTurns(pairs, {
    ours: () => secondsOf(() => merge(clips, convert)),
    yardstick: () => secondsOf(() => oneGraph(clips)),
  })
  return [
    figureOf(`merge: ${CLIPS} clips of one make`, 'FFmpeg’s concat copy', {
      ...{ ours: median(asTheyAre.ours), yardstick: median(asTheyAre.yardstick) },
      goal: GOALS.asTheyAre,
    }),
    figureOf(`merge: ${CLIPS} clips, converted`, 'one filter graph', {
      ...{ ours: median(converted.ours), yardstick: median(converted.yardstick) },
      goal: GOALS.converted,
    }),
  ]
}

const figureOf = (
  name: string,
  against: string,
  { ours, yardstick, goal }: { ours: number; yardstick: number; goal: number },
): Figure => ({
  name,
  ours: `${ours.toFixed(2)} s`,
  yardstick: `${yardstick.toFixed(2)} s by ${against}`,
  ...atMost(ours / yardstick, goal),
})

const merge = async ({ ffmpegPath, ffprobePath, folder, paths }: Clips, plan: Plan) => {
  const own = join(folder, 'merge')
  mkdirSync(own)
  await runMediaOperation({
    ...{ ffmpegPath, ffprobePath, folder: own, timeoutMs: TIMEOUT_MS },
    operation: 'merge',
    params: {
      items: paths.map((path) => ({
        type: 'video',
        source: { path, media: 'video' },
        durationSeconds: null,
        offsetSeconds: 0,
        volume: 1,
      })),
      fit: 'contain',
      loudnessLufs: null,
      lengths: 'trim',
      ...plan,
    },
  })
  await rm(own, { recursive: true })
}

const copyList = async ({ ffmpegPath, folder, paths }: Clips): Promise<void> => {
  const list = join(folder, 'list.txt')
  await writeFile(list, paths.map((path) => `file '${path}'\n`).join(''))
  const outputPath = join(folder, 'copied.mp4')
  await runFfmpeg({
    ...{ ffmpegPath, timeoutMs: TIMEOUT_MS },
    args: [
      ...['-f', 'concat', '-safe', '0', '-i', list, '-c', 'copy'],
      ...['-movflags', '+faststart', outputPath],
    ],
  })
  await rm(outputPath)
}

/** The same encoder, set up in the same way: only how the work is laid out differs. */
const oneGraph = async ({ ffmpegPath, folder, paths }: Clips): Promise<void> => {
  const outputPath = join(folder, 'graph.mp4')
  const parts = paths.map(
    (_, index) =>
      `[${index}:v]fps=25,scale=640:360:flags=bicubic,format=yuv420p,setsar=1[v${index}];` +
      `[${index}:a]aresample=48000,aformat=channel_layouts=stereo[a${index}]`,
  )
  const joined = paths.map((_, index) => `[v${index}][a${index}]`).join('')
  await runFfmpeg({
    ...{ ffmpegPath, timeoutMs: TIMEOUT_MS },
    args: [
      ...paths.flatMap((path) => ['-i', path]),
      '-filter_complex',
      `${parts.join(';')};${joined}concat=n=${paths.length}:v=1:a=1[v][a]`,
      ...['-map', '[v]', '-map', '[a]', '-c:v', 'libx264', '-preset', 'veryfast', '-crf', '18'],
      ...['-g', '50', '-c:a', 'aac', '-b:a', '192k', '-movflags', '+faststart', outputPath],
    ],
  })
  await rm(outputPath)
}

const makeClips = async (stack: BenchStack, seconds: number): Promise<Clips> => {
  const { SPOOL_FFMPEG_PATH: ffmpegPath, SPOOL_FFPROBE_PATH: ffprobePath } = stack.config.settings
  const folder = join(stack.dir, 'merge-clips')
  mkdirSync(folder)
  const paths = Array.from({ length: CLIPS }, (_, index) => join(folder, `clip-${index}`))
  for (const [index, path] of paths.entries()) {
    await runFfmpeg({
      ...{ ffmpegPath, timeoutMs: TIMEOUT_MS },
      args: [
        ...['-f', 'lavfi', '-i', `testsrc2=size=1280x720:rate=30:duration=${seconds}`],
        ...['-f', 'lavfi', '-i', `sine=frequency=${200 + 40 * index}:duration=${seconds}`],
        ...['-vf', 'noise=alls=6:allf=t,format=yuv420p', '-c:v', 'libx264', '-preset', 'veryfast'],
        ...['-crf', '26', '-c:a', 'aac', '-b:a', '128k', '-f', 'mp4', path],
      ],
    })
  }
  return { ffmpegPath, ffprobePath, folder, paths }
}
