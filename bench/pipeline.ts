import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createMediaTools } from '../src/composition/media-tools.ts'
import { planTerms } from '../src/domain/plans.ts'
import { DEFAULT_ACCENT_COLOR, DEFAULT_TEMPLATE } from '../src/domain/render-spec.ts'
import { createVideo, makeSong, orderRender, uploadMedium } from './customer.ts'
import { atMost } from './figure.ts'
import type { Measure } from './run.ts'
import { inTurns, median, secondsOf } from './samples.ts'
import type { BenchStack } from './stack.ts'

const GOAL = 1.1

/**
 * A render through the running stack, HTTP in and real webhooks, from the order to the end of its
 * workflow; against crop, render and thumbnails by the same code, called one after the other.
 */
export const measure: Measure = async (run) => {
  const stack = await run.stack()
  const seconds = run.quick ? 10 : 30
  const pairs = run.quick ? 1 : 2
  const songPath = await makeSong(stack, seconds + 10)
  const mediaId = await uploadMedium(stack, songPath)
  const worker = await stack.startWorker()
  const render = async (length: number) => {
    const videoId = await createVideo(stack, mediaId, length)
    const { workflowId } = await orderRender(stack, videoId)
    const outcome = (await stack.temporal.workflow.getHandle(workflowId).result()) as {
      status: string
    }
    if (outcome.status !== 'completed') throw new Error(`the render ended as ${outcome.status}`)
  }
  try {
    // Fonts, compiled code and pages of programs: the first of each pays for them.
    await render(1)
    await renderByHand(stack, songPath, 1)
    const { ours, yardstick } = await inTurns(pairs, {
      ours: () => secondsOf(() => render(seconds)),
      yardstick: () => secondsOf(() => renderByHand(stack, songPath, seconds)),
    })
    return [
      {
        name: `pipeline: ${seconds} s at 1280×720, wall time`,
        ours: `${median(ours).toFixed(1)} s`,
        yardstick: `${median(yardstick).toFixed(1)} s by hand`,
        ...atMost(median(ours) / median(yardstick), GOAL),
      },
    ]
  } finally {
    await worker.stop()
  }
}

const renderByHand = async (
  stack: BenchStack,
  sourcePath: string,
  endSeconds: number,
): Promise<void> => {
  const tools = createMediaTools(stack.config)
  const folder = join(stack.dir, 'by-hand')
  await mkdir(folder, { recursive: true })
  const { signal } = new AbortController()
  const audioPath = join(folder, 'audio.mp3')
  const videoPath = join(folder, 'video.mp4')
  await tools.cropAudio({ sourcePath, outputPath: audioPath, startSeconds: 0, endSeconds, signal })
  await tools.renderVideo({
    audioPath,
    outputPath: videoPath,
    spec: {
      template: DEFAULT_TEMPLATE,
      widthPx: 1280,
      heightPx: 720,
      frameRate: 30,
      hdr: false,
      title: 'Benchmark',
      artist: 'Spool',
      accentColor: DEFAULT_ACCENT_COLOR,
      crf: planTerms('creator').crf,
    },
    onProgress: () => undefined,
    signal,
  })
  await tools.makeThumbnails({
    videoPath,
    landscapePath: join(folder, 'landscape.jpg'),
    squarePath: join(folder, 'square.jpg'),
    signal,
  })
}
