import { join } from 'node:path'
import { toolchain } from '../scripts/stack/toolchain.ts'
import { startS3Server } from '../test/support/s3-server.ts'
import { makeSpeech } from '../test/support/speech.ts'
import { newCustomer } from '../test/support/stack-customer.ts'
import { makeTalk } from '../test/support/talking-head.ts'
import { startVideoSite } from '../test/support/video-site.ts'
import { startCountingProxy } from './counting-proxy.ts'
import type { Figure } from './figure.ts'
import { logProgram, type LoggedProgram } from './program-log.ts'
import type { Run } from './run.ts'
import type { BenchStack } from './stack.ts'

const CLIPS = 6
const SCENES = 4
const SCENE_SECONDS = 12

/**
 * Six clips of one source, by HTTP, with an S3 server and the usual cache of a worker: how often the source
 * is fetched from outside and from storage, how often its pictures are decoded, and what that takes.
 */
export const measureSixClips = async (run: Run, stack: BenchStack): Promise<Figure[]> => {
  const stops: (() => Promise<unknown>)[] = []
  try {
    const site = await startVideoSite({ videoPath: await makeSource(stack), pages: () => ({}) })
    stops.unshift(site.close)
    const s3 = await startS3Server()
    stops.unshift(s3.close)
    const proxy = await startCountingProxy(s3.endpoint)
    stops.unshift(proxy.close)
    const { ffmpegPath, pythonPath } = toolchain()
    const ffmpeg = logProgram(stack.dir, 'ffmpeg', ffmpegPath)
    const detector = logProgram(stack.dir, 'python', pythonPath ?? '')
    const env = { ...s3.settings, S3_ENDPOINT: proxy.url }
    const worker = await stack.startWorker({
      env: { ...env, SPOOL_FFMPEG_PATH: ffmpeg.path, SPOOL_PYTHON_PATH: detector.path },
    })
    stops.unshift(worker.stop)
    const { apiUrl } = await stack.startApi({ ...env, SPOOL_PYTHON_PATH: detector.path })
    const adminKey = stack.config.settings.SPOOL_ADMIN_KEY
    const customer = await newCustomer({ apiUrl, adminKey }, { credits: 500 })
    run.say(`  Ordering ${CLIPS} clips`)
    const { body } = await customer.call<{ executionId: string }>('POST', '/v1/clips', {
      body: { url: `${site.url}/video.mp4`, count: CLIPS, minSeconds: 5, maxSeconds: 6 },
    })
    const { status, outputs } = await customer.untilOver(body.executionId, 600_000)
    const made = Object.keys(outputs).filter((name) => name.startsWith('clip-')).length
    if (made !== CLIPS) throw new Error(`${made} clips were made, and the order is ${status}`)
    const fromOutside = site.requests.filter((path) => path === '/video.mp4').length
    const fromStorage = [...proxy.fetched].flatMap(([path, times]) =>
      path.endsWith('/original') ? [times] : [],
    )
    return [
      countFigure('the source is fetched from outside', fromOutside, 1),
      countFigure('the source is fetched from storage', Math.max(0, ...fromStorage), 1),
      ...decodingFigures(ffmpeg, detector),
    ]
  } finally {
    for (const stop of stops) await stop()
  }
}

const countFigure = (what: string, times: number, goal: number): Figure => ({
  name: `clips: ${CLIPS} of one source, ${what}`,
  ours: `${times} ×`,
  yardstick: '',
  ratio: '',
  goal: `≤ ${goal} ×`,
  // Never is no good sign: then the log was misread.
  met: times > 0 && times <= goal,
})

/** By what only one kind of call has among its arguments. */
const decodingFigures = (ffmpeg: LoggedProgram, detector: LoggedProgram): Figure[] => {
  const runs = ffmpeg.runs()
  const having = (mark: string) => runs.filter(({ args }) => args.includes(mark))
  const processorSeconds = (some: readonly { readonly processorSeconds: number }[]) =>
    some.reduce((sum, one) => sum + one.processorSeconds, 0)
  const [encodes, looks] = [having('crop@window'), having('[samples]')]
  const sounds = having('ebur128=peak')
  const detections = detector.runs().filter(({ args }) => args.includes('face_detector'))
  const encoding = processorSeconds(encodes)
  const share = (seconds: number) => `${seconds.toFixed(1)} s`
  return [
    countFigure('its part is decoded whole for each clip', encodes.length / CLIPS, 1),
    countFigure('its part is decoded small for faces and scenes', looks.length / CLIPS, 1),
    {
      name: `clips: processor time beside the encode, ${CLIPS} clips`,
      ours:
        `${share(processorSeconds(looks))} small pictures, ${share(processorSeconds(detections))} faces, ` +
        `${share(processorSeconds(sounds))} loudness (${sounds.length} measurements)`,
      yardstick: `${encoding.toFixed(1)} s for the encodes`,
      ratio: (processorSeconds([...looks, ...detections, ...sounds]) / encoding).toFixed(2),
      goal: '',
      met: true,
    },
  ]
}

/** Four scenes, each with somebody who speaks. */
const makeSource = async (stack: BenchStack): Promise<string> => {
  const sentences = [
    'Why do we make movies at all?',
    'A picture moves people more than words.',
    'First we take a camera into the garden.',
    'Then we look at what we have.',
  ]
  const voicePath = await makeSpeech(
    join(stack.dir, 'clips-voice.wav'),
    Array.from({ length: SCENES }, () => sentences).flat(),
    0.4,
  )
  return await makeTalk(join(stack.dir, 'clips-source.mp4'), {
    size: { widthPx: 1280, heightPx: 720 },
    frameRate: 30,
    voicePath,
    scenes: Array.from({ length: SCENES }, (_, index) => ({
      durationSeconds: SCENE_SECONDS,
      color: index % 2 === 0 ? '0x405060' : '0xb0a090',
      people: [
        {
          x: index % 2 === 0 ? '300+20*mod(t,12)' : 900,
          ...{
            y: 320,
            facePx: 150,
            speaks: [[index * SCENE_SECONDS, (index + 1) * SCENE_SECONDS]],
          },
        },
      ],
    })),
    output: ['-preset', 'veryfast', '-crf', '23'],
  })
}
