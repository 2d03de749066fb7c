import { mkdirSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { runMediaOperation } from '../src/adapters/ffmpeg/compose/run-media-operation.ts'
import { describeMedium } from '../src/adapters/ingest/describe-medium.ts'
import { LOUDNESS_TARGET_LUFS } from '../src/domain/loudness.ts'
import { secondsOf } from './samples.ts'
import type { BenchStack } from './stack.ts'

const TIMEOUT_MS = 600_000

/** A plan of videos, and a merge of each two of them. */
export interface PlanByHand {
  /** What the provider has made, where it is fetched. */
  readonly videoUrls: readonly string[]
  /** What the provider takes for each. */
  readonly workSeconds: number
}

/**
 * The seconds of a plan as a program without Spool: the same code checks and merges, everything as
 * soon as it can and as much at once as there is, and nothing is ordered, written down or told.
 */
export const planByHand = async (
  stack: BenchStack,
  { videoUrls, workSeconds }: PlanByHand,
): Promise<number> => {
  const folder = join(stack.dir, 'plan-by-hand')
  mkdirSync(folder)
  const seconds = await secondsOf(async () => {
    const videos = videoUrls.map((url, index) =>
      takeDelivery(stack, { url, path: join(folder, `video-${index}`), workSeconds }),
    )
    const pairs = videoUrls.flatMap((_, index) => (index % 2 === 1 ? [index] : []))
    const merges = pairs.map(async (index) => {
      const paths = [await videos[index - 1]!, await videos[index]!]
      await merge(stack, paths, join(folder, `merge-${index}`))
    })
    await Promise.all(merges)
  })
  await rm(folder, { recursive: true })
  return seconds
}

const takeDelivery = async (
  stack: BenchStack,
  { url, path, workSeconds }: { url: string; path: string; workSeconds: number },
): Promise<string> => {
  await delay(workSeconds * 1000)
  await writeFile(path, Buffer.from(await (await fetch(url)).arrayBuffer()))
  await describeMedium({
    ...{ ...programsOf(stack), path, wholly: true, byIndex: true },
    ...{ durationSecondsMax: 3600, signal: new AbortController().signal },
  })
  return path
}

const merge = async (
  stack: BenchStack,
  paths: readonly string[],
  folder: string,
): Promise<void> => {
  mkdirSync(folder)
  const items = paths.map((path) => ({
    ...({ type: 'video', source: { path, media: 'video' } } as const),
    ...{ durationSeconds: null, offsetSeconds: 0, volume: 1 },
  }))
  // As a plan has it that says nothing more.
  const shape = { widthPx: null, heightPx: null, frameRate: null, fit: 'contain' } as const
  await runMediaOperation({
    ...programsOf(stack),
    ...{ folder, operation: 'merge' },
    params: { items, ...shape, loudnessLufs: LOUDNESS_TARGET_LUFS, lengths: 'trim' },
  })
}

const programsOf = ({ config: { settings } }: BenchStack) => ({
  ffmpegPath: settings.SPOOL_FFMPEG_PATH,
  ffprobePath: settings.SPOOL_FFPROBE_PATH,
  timeoutMs: TIMEOUT_MS,
})
