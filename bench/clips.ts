import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { toolchain } from '../scripts/stack/toolchain.ts'
import { cutClip } from '../src/adapters/clips/cut-clip.ts'
import { detectFaces } from '../src/adapters/clips/detect-faces.ts'
import { samplePictures } from '../src/adapters/clips/sample-pictures.ts'
import { typesetCaptions } from '../src/adapters/ffmpeg/compose/captions/typeset-captions.ts'
import { runFfmpeg } from '../src/adapters/ffmpeg/process.ts'
import {
  audioEncoderArguments,
  videoEncoderArguments,
} from '../src/adapters/ffmpeg/video-encoders.ts'
import { CLIP_SIZES } from '../src/domain/clips/clip-wish.ts'
import { clipView } from '../src/domain/clips/clip-view.ts'
import { ACCELERATION_MAX, SPEED_MAX } from '../src/domain/clips/crop-path.ts'
import type { SeenFaces } from '../src/domain/clips/follow-speaker.ts'
import type { Transcript } from '../src/domain/transcript.ts'
import { makeSpeech } from '../test/support/speech.ts'
import { makeTalk } from '../test/support/talking-head.ts'
import { measureSixClips } from './clips-of-one-source.ts'
import { atLeast, atMost, type Figure } from './figure.ts'
import { logProgram, type LoggedProgram } from './program-log.ts'
import type { Measure } from './run.ts'
import { inTurns, median, secondsOf } from './samples.ts'
import type { BenchStack } from './stack.ts'

const GOALS = { cut: 1.1, detection: 10, cropErrorPercent: 3 } as const
const TIMEOUT_MS = 600_000
const SIZE = CLIP_SIZES.vertical_1080
const SOURCE = { widthPx: 1280, heightPx: 720 } as const
const FRAME_RATE = 30
/** Where the middle of the face is, in pixels: it walks to and fro, and the crop can follow. */
const FACE_X = { middlePx: 640, reachPx: 380, perSecond: 0.6 } as const

interface Talk {
  readonly path: string
  readonly seconds: number
  readonly folder: string
  readonly ffmpeg: LoggedProgram
}

/**
 * Clips: one clip's crop, captions and encode against a command written by hand; the look for faces
 * against the time that it looks at; the crop against where the face is known to be; and six clips of one
 * source through the whole stack, with everything counted that is fetched and decoded.
 */
export const measure: Measure = async (run) => {
  const stack = await run.stack()
  const talk = await makeSource(stack, run.quick ? 12 : 30)
  const pairs = run.quick ? 2 : 4
  const looks = await inTurns(pairs, {
    ours: () => secondsOf(() => look(talk)),
    yardstick: () => secondsOf(() => sampleOnly(talk)),
  })
  const seen = await look(talk)
  const cuts = await inTurns(pairs, {
    ours: () => took(talk, () => cut(talk, seen)),
    yardstick: () => took(talk, () => cutByHand(talk)),
  })
  const [ours, byHand] = [medianOf(cuts.ours), medianOf(cuts.yardstick)]
  return [
    {
      name: `clips: ${talk.seconds} s of 720p to 1080 × 1920, captions, −14 LUFS`,
      ours: `${ours.seconds.toFixed(1)} s (${ours.processorSeconds.toFixed(1)} s of processors)`,
      yardstick:
        `${byHand.seconds.toFixed(1)} s (${byHand.processorSeconds.toFixed(1)} s of processors) ` +
        'one command by hand, with loudnorm in one pass',
      ...atMost(ours.seconds / byHand.seconds, GOALS.cut),
    },
    {
      name: `clips: faces in ${talk.seconds} s of 720p, five times a second`,
      ours: `${median(looks.ours).toFixed(2)} s, of it ${median(looks.yardstick).toFixed(2)} s to sample alone`,
      yardstick: `${talk.seconds} s of footage`,
      ...atLeast(talk.seconds / median(looks.ours), GOALS.detection),
    },
    ...cropFigures(talk, seen),
    ...(await measureSixClips(run, stack)),
  ]
}

const makeSource = async (stack: BenchStack, seconds: number): Promise<Talk> => {
  const folder = join(stack.dir, 'clip-source')
  await mkdir(folder)
  const sentence = 'A picture moves people more than words, and so we make movies.'
  const voicePath = await makeSpeech(
    join(folder, 'voice.wav'),
    Array.from({ length: Math.ceil(seconds / 5) }, () => sentence),
  )
  const { middlePx, reachPx, perSecond } = FACE_X
  const path = await makeTalk(join(folder, 'talk.mp4'), {
    size: SOURCE,
    frameRate: FRAME_RATE,
    voicePath,
    scenes: [
      {
        durationSeconds: seconds,
        color: '0x405060',
        people: [
          {
            x: `${middlePx}+${reachPx}*sin(${perSecond}*t)`,
            ...{ y: 300, facePx: 150, speaks: [[0, seconds]] },
          },
        ],
      },
    ],
    output: ['-preset', 'veryfast', '-crf', '23'],
  })
  return { path, seconds, folder, ffmpeg: logProgram(folder, 'ffmpeg', toolchain().ffmpegPath) }
}

interface Cost {
  readonly seconds: number
  /** What ffmpeg took of the processors: on a busy machine it says more than the time. */
  readonly processorSeconds: number
}

const took = async ({ ffmpeg }: Talk, work: () => Promise<unknown>): Promise<Cost> => {
  const before = ffmpeg.runs().length
  const seconds = await secondsOf(work)
  const runs = ffmpeg.runs().slice(before)
  return { seconds, processorSeconds: runs.reduce((sum, one) => sum + one.processorSeconds, 0) }
}

const medianOf = (costs: readonly Cost[]): Cost => ({
  seconds: median(costs.map(({ seconds }) => seconds)),
  processorSeconds: median(costs.map(({ processorSeconds }) => processorSeconds)),
})

const programs = ({ ffmpeg }: Talk) => ({
  ffmpegPath: ffmpeg.path,
  ffprobePath: toolchain().ffprobePath,
  timeoutMs: TIMEOUT_MS,
})

const sampling = (talk: Talk) => ({
  ...programs(talk),
  ...{ inputPath: talk.path, startSeconds: 0, endSeconds: talk.seconds },
  workPath: (name: string) => join(talk.folder, name),
  signal: new AbortController().signal,
})

const look = async (talk: Talk): Promise<SeenFaces> => {
  const { pythonPath, ffmpegPath } = toolchain()
  if (pythonPath === null) throw new Error('there is no Python with the detector of faces')
  // Without the shell that writes down what others cost: nothing of it is asked for here.
  const job = { ...sampling(talk), ffmpegPath }
  const { seen, ...timing } = await samplePictures({
    ...job,
    look: (pictures) => detectFaces({ pythonPath, timeoutMs: TIMEOUT_MS }, { ...job, pictures }),
  })
  return { samples: seen, ...timing }
}

const sampleOnly = (talk: Talk) =>
  samplePictures({
    ...sampling(talk),
    ffmpegPath: toolchain().ffmpegPath,
    look: () => Promise.resolve(null),
  })

/** Words all the time, so that captions are drawn into every frame. */
const said = (seconds: number): Transcript => ({
  language: 'en',
  durationSeconds: seconds,
  segments: [],
  words: Array.from({ length: seconds * 2 }, (_, index) => ({
    startSeconds: index / 2,
    endSeconds: (index + 1) / 2,
    text: `word${index}`,
  })),
})

const cut = async (talk: Talk, seen: SeenFaces): Promise<void> => {
  const { folder, seconds } = talk
  const transcript = said(seconds)
  const captionsFilter = await typesetCaptions(folder, {
    ...{ transcript, style: { preset: 'tiktok' }, frame: SIZE, path: 'captions' },
  })
  await cutClip({
    ...sampling(talk),
    ...{ folder, size: SIZE },
    outputPath: join(folder, 'clip.mp4'),
    compose: async (shape) => ({
      spans: clipView(seen, transcript.words, shape),
      captionsFilter,
    }),
  })
}

/** With the way of the window and the captions that the product has written. */
const cutByHand = async (talk: Talk): Promise<void> => {
  const { path, seconds, folder } = talk
  const outputPath = join(folder, 'by-hand.mp4')
  const pictures = [
    `scale=-2:${SIZE.heightPx}:flags=bicubic`,
    'sendcmd=f=window-0x0.cmd',
    `crop@window0x0=${SIZE.widthPx}:${SIZE.heightPx}:0:0:exact=1`,
    'ass=filename=captions.ass:fontsdir=fonts:shaping=complex',
  ]
  await runFfmpeg({
    ...programs(talk),
    cwd: folder,
    args: [
      ...['-i', `file:${path}`, '-t', String(seconds), '-vf', pictures.join()],
      ...['-af', 'loudnorm=I=-14:TP=-1.5:LRA=11', ...videoEncoderArguments('h264', 'medium')],
      ...audioEncoderArguments('aac', 'medium', { sampleRateHz: 48_000, channels: 1 }),
      ...['-movflags', '+faststart', `file:${outputPath}`],
    ],
  })
  await rm(outputPath)
}

/** How far the middle of the window is from the middle of the face, where the picture lets it get there. */
const cropFigures = ({ seconds }: Talk, seen: SeenFaces): Figure[] => {
  const frames = seconds * FRAME_RATE
  const shape = { source: SOURCE, size: SIZE, frameRate: FRAME_RATE, frames }
  const [window] = clipView(seen, said(seconds).words, shape).flatMap(({ windows }) => windows)
  if (window === undefined) throw new Error('the clip shows nothing')
  const { widthRatio } = window
  const { middlePx, reachPx, perSecond } = FACE_X
  const lefts = window.corners.map(({ xRatio }) => xRatio)
  const errors = lefts.map((left, frame) => {
    const faceX = middlePx + reachPx * Math.sin((perSecond * frame) / FRAME_RATE)
    const within = Math.min(Math.max(faceX / SOURCE.widthPx, widthRatio / 2), 1 - widthRatio / 2)
    return 100 * Math.abs(left + widthRatio / 2 - within)
  })
  const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length
  const speeds = changes(lefts)
  const greatest = (values: readonly number[]) => Math.max(...values.map(Math.abs))
  const [speed, acceleration] = [greatest(speeds), greatest(changes(speeds))]
  return [
    {
      name: 'clips: crop against the known face, in % of the width',
      ours: `${mean.toFixed(2)} % mean, ${Math.max(...errors).toFixed(2)} % at most`,
      yardstick: `a face that walks at up to ${((reachPx * perSecond) / SOURCE.widthPx).toFixed(2)} widths/s`,
      ratio: `${mean.toFixed(2)} %`,
      goal: `≤ ${GOALS.cropErrorPercent} %`,
      met: mean <= GOALS.cropErrorPercent,
    },
    {
      name: 'clips: greatest speed and acceleration of the crop',
      ours: `${speed.toFixed(2)} widths/s, ${acceleration.toFixed(2)} widths/s²`,
      yardstick: '',
      ratio: '',
      goal: `≤ ${SPEED_MAX.toFixed(2)}, ≤ ${ACCELERATION_MAX.toFixed(2)}`,
      met: speed <= SPEED_MAX && acceleration <= ACCELERATION_MAX,
    },
  ]
}

/** Per second, from frame to frame. */
const changes = (values: readonly number[]): readonly number[] =>
  values.slice(1).map((value, index) => (value - values[index]!) * FRAME_RATE)
