import { readFile } from 'node:fs/promises'
import { runFfmpeg } from '../ffmpeg/process.ts'
import { safeInput } from '../ffmpeg/safe-input.ts'

/** Of FFmpeg's measure, 0 to 1, between two key frames: seconds lie between them, so more changes. */
const SCENE_SCORE = 0.3
const SCENE_WIDTH_PX = 160
/** Below this the measure has nothing to say. */
const SILENCE_LUFS = -70

export interface MeasuringJob {
  readonly ffmpegPath: string
  /** Absolute, with a name of our own making. */
  readonly inputPath: string
  readonly hasSound: boolean
  readonly timeoutMs: number
  readonly workPath: (fileName: string) => string
  readonly signal: AbortSignal
}

/** What can be measured of a whole recording without decoding all of its pictures. */
export interface RecordingMeasures {
  /** Of each second; empty without sound. */
  readonly loudnessLufs: readonly number[]
  /** Times of key frames with which a scene begins, in order. */
  readonly sceneCutsSeconds: readonly number[]
}

/**
 * Measures how loud each second is, and where scenes begin, as far as key frames show it: an hour takes
 * seconds. *Errors:* those of `runFfmpeg`.
 */
export const measureRecording = async (job: MeasuringJob): Promise<RecordingMeasures> => {
  const loudnessLufs = job.hasSound ? await measureSound(job) : []
  return { loudnessLufs, sceneCutsSeconds: await findScenes(job) }
}

const measureSound = async (job: MeasuringJob): Promise<readonly number[]> => {
  const path = job.workPath('loudness.txt')
  await runFfmpeg({
    ffmpegPath: job.ffmpegPath,
    args: [
      ...safeInput({ path: job.inputPath }),
      ...['-map', '0:a:0', '-vn'],
      ...['-af', `ebur128=metadata=1,ametadata=print:key=lavfi.r128.M:file=${path}`],
      ...['-f', 'null', '-'],
    ],
    timeoutMs: job.timeoutMs,
    signal: job.signal,
  })
  return bySecond(await readFile(path, 'utf8'))
}

/** The loudest tenth of each second: what is heard of it. */
const bySecond = (text: string): readonly number[] => {
  const loudest: number[] = []
  const values = text.matchAll(/pts_time:([\d.]+)\s+lavfi\.r128\.M=(-?[\d.]+|-?inf|nan)/g)
  for (const [, seconds, lufs] of values) {
    const second = Math.floor(Number(seconds))
    const value = Number.isFinite(Number(lufs))
      ? Math.max(Number(lufs), SILENCE_LUFS)
      : SILENCE_LUFS
    while (loudest.length <= second) loudest.push(SILENCE_LUFS)
    loudest[second] = Math.max(loudest[second] ?? SILENCE_LUFS, value)
  }
  return loudest
}

const findScenes = async (job: MeasuringJob): Promise<readonly number[]> => {
  const path = job.workPath('scenes.txt')
  await runFfmpeg({
    ffmpegPath: job.ffmpegPath,
    args: [
      ...safeInput({ path: job.inputPath, options: ['-skip_frame', 'nokey'] }),
      ...['-map', '0:V:0', '-an'],
      ...[
        '-vf',
        `scale=${SCENE_WIDTH_PX}:-2,select=gt(scene\\,${SCENE_SCORE}),metadata=print:file=${path}`,
      ],
      ...['-f', 'null', '-'],
    ],
    timeoutMs: job.timeoutMs,
    signal: job.signal,
  })
  return [...(await readFile(path, 'utf8')).matchAll(/pts_time:([\d.]+)/g)]
    .map(([, seconds]) => Number(seconds))
    .filter((seconds) => seconds > 0)
}
