import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toolchain } from '../scripts/stack/toolchain.ts'
import { inspectForLadder } from '../src/adapters/ffmpeg/ladder/inspect-for-ladder.ts'
import { packageStream } from '../src/adapters/ffmpeg/ladder/package-stream.ts'
import { h264Arguments } from '../src/adapters/ffmpeg/ladder/rung-arguments.ts'
import { runFfmpeg } from '../src/adapters/ffmpeg/process.ts'
import type { Ladder, Rung } from '../src/domain/ladder.ts'
import { atMost, type Figure } from './figure.ts'
import type { Measure } from './run.ts'
import { median, secondsOf } from './samples.ts'

const PER_RUNG_GOAL = 0.75
const SINGLE_COMMAND_GOAL = 1.05
const TIMEOUT_MS = 1_200_000
const WISH = { renditions: 'auto', hdr: false, audioTracks: 'all' } as const

interface Film {
  readonly path: string
  readonly ladder: Ladder
}

/**
 * A whole stream of a 1080p60 film (rungs of 1080, 720, 480 and 360 lines, sound, manifests), against
 * FFmpeg alone with the same settings of the encoders: a process for each rung, one after the other, and
 * one command written by hand for all of them.
 */
export const measure: Measure = async (run) => {
  const dir = await mkdtemp(join(tmpdir(), 'spool-bench-ladder-'))
  try {
    const film = await makeFilm(dir, run.quick ? 4 : 10)
    const samples = { ours: [] as number[], perRung: [] as number[], single: [] as number[] }
    for (let pair = 0; pair < (run.quick ? 1 : 3); pair += 1) {
      samples.ours.push(await timed(dir, (outputDir) => makeStream(film, outputDir)))
      samples.perRung.push(await timed(dir, (outputDir) => runPerRung(film, outputDir)))
      samples.single.push(await timed(dir, (outputDir) => runSingle(film, outputDir)))
    }
    const ours = median(samples.ours)
    const figure = (yardstick: number, words: string, goal: number): Figure => ({
      name: `ladder: ${film.ladder.durationSeconds} s of 1080p60, 4 rungs`,
      ours: `${ours.toFixed(1)} s`,
      yardstick: `${yardstick.toFixed(1)} s ${words}`,
      ...atMost(ours / yardstick, goal),
    })
    return [
      figure(median(samples.perRung), 'a process a rung', PER_RUNG_GOAL),
      figure(median(samples.single), 'one command by hand', SINGLE_COMMAND_GOAL),
    ]
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

const timed = async (dir: string, work: (outputDir: string) => Promise<unknown>) => {
  const outputDir = join(dir, 'output')
  await mkdir(outputDir)
  const seconds = await secondsOf(() => work(outputDir))
  await rm(outputDir, { recursive: true })
  return seconds
}

const ffmpeg = (args: readonly string[], cwd: string): Promise<unknown> =>
  runFfmpeg({ ffmpegPath: toolchain().ffmpegPath, args, cwd, timeoutMs: TIMEOUT_MS })

/** Moving pictures with grain, as a camera's are; key frames that do not allow a copy. */
const makeFilm = async (dir: string, seconds: number): Promise<Film> => {
  const path = join(dir, 'film.mp4')
  const pictures = `testsrc2=size=1920x1080:rate=60:duration=${seconds},noise=alls=8:allf=t`
  await ffmpeg(
    [
      ...[
        '-f',
        'lavfi',
        '-i',
        pictures,
        '-f',
        'lavfi',
        '-i',
        `anoisesrc=d=${seconds}:r=48000:a=0.2`,
      ],
      ...['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '24', '-pix_fmt', 'yuv420p'],
      ...['-x264-params', 'open-gop=1:bframes=2', '-c:a', 'aac', '-ac', '2', path],
    ],
    dir,
  )
  const ladder = await inspectForLadder({
    ffprobePath: toolchain().ffprobePath,
    inputPath: path,
    wish: WISH,
    timeoutMs: TIMEOUT_MS,
  })
  const rungs = ladder.rungs.map(({ name, method }) => `${name} ${method}`).join()
  if (rungs !== 'v-1080 encode,v-720 encode,v-480 encode,v-360 encode') {
    throw new Error(`the ladder is ${rungs}`)
  }
  return { path, ladder }
}

const makeStream = ({ path }: Film, outputDir: string): Promise<unknown> =>
  packageStream({
    ffmpegPath: toolchain().ffmpegPath,
    ffprobePath: toolchain().ffprobePath,
    inputPath: path,
    outputDir,
    wish: WISH,
    timeoutMs: TIMEOUT_MS,
  })

const HLS = ['-f', 'hls', '-hls_playlist_type', 'vod', '-hls_segment_type', 'fmp4']

/** The product's own settings, for the numbered stream of an output if there is more than one. */
const encoding = (ladder: Ladder, rung: Rung, stream: string): string[] =>
  h264Arguments(rung, ladder).map((word, position) =>
    position % 2 === 0 ? `${word}${stream}` : word,
  )

const segments = (ladder: Ladder): string[] => [
  ...['-hls_time', String((ladder.framesPerSegment * ladder.ticksPerFrame) / ladder.timescale)],
  ...['-hls_flags', 'independent_segments'],
]

const AUDIO = ['-c:a', 'aac', '-b:a', '128k', '-ac', '2']

/** Sound is encoded once, with the first. */
const runPerRung = async ({ path, ladder }: Film, outputDir: string): Promise<void> => {
  for (const [index, rung] of ladder.rungs.entries()) {
    await ffmpeg(
      [
        ...['-i', path, '-vf', `scale=${rung.widthPx}:${rung.heightPx}`],
        ...[
          ...encoding(ladder, rung, ''),
          ...(index === 0 ? AUDIO : ['-an']),
          ...HLS,
          ...segments(ladder),
        ],
        ...['-hls_fmp4_init_filename', `${rung.name}.mp4`],
        ...['-hls_segment_filename', `${rung.name}-%d.m4s`, `${rung.name}.m3u8`],
      ],
      outputDir,
    )
  }
}

const runSingle = async ({ path, ladder }: Film, outputDir: string): Promise<void> => {
  const [top, ...lower] = ladder.rungs
  if (!top) throw new Error('the ladder has no rungs')
  const chain = lower.map((rung, index) => {
    const isLast = index === lower.length - 1
    const output = isLast ? `[v${index + 1}]` : `,split=2[v${index + 1}][below${index + 1}]`
    return `[below${index}]scale=${rung.widthPx}:${rung.heightPx}${output}`
  })
  const variants = ladder.rungs.map((rung, index) => `v:${index},agroup:a,name:${rung.name}`)
  await ffmpeg(
    [
      ...['-i', path, '-filter_complex', ['[0:v]split=2[v0][below0]', ...chain].join(';')],
      ...ladder.rungs.flatMap((_, index) => ['-map', `[v${index}]`]),
      ...['-map', '0:a'],
      ...ladder.rungs.flatMap((rung, index) => encoding(ladder, rung, `:${index}`)),
      ...[...AUDIO, ...HLS, ...segments(ladder), '-master_pl_name', 'master.m3u8'],
      ...['-var_stream_map', `${variants.join(' ')} a:0,agroup:a,default:yes,name:audio`],
      ...[
        '-hls_fmp4_init_filename',
        'init-%v.mp4',
        '-hls_segment_filename',
        '%v-%d.m4s',
        '%v.m3u8',
      ],
    ],
    outputDir,
  )
}
