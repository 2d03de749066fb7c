import { execFile } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ExecutionAnswer } from '../../src/contracts/http/executions.ts'
import type { Video } from '../../src/contracts/http/videos.ts'
import { download } from './spool-client.ts'
import type { SongTitles } from './song-titles.ts'

const NAME_LENGTH_MAX = 50

/** What a render made: copies of our own under readable names, and where the stack serves them. */
export type DemoResults = {
  video: Delivered
  thumbnail: Delivered
  squareThumbnail: Delivered
  audio: Delivered
  /** Measured in the copy. */
  durationSeconds: number
}

/** An absolute path and a signed URL. */
type Delivered = { path: string; url: string }

/** Brings everything that a finished render made into `<dir>/demo/<executionId>/`. */
export async function collectResults(
  { dir, executionId, ffprobePath }: { dir: string; executionId: string; ffprobePath: string },
  video: Video,
  titles: SongTitles,
): Promise<DemoResults> {
  const folder = join(dir, 'demo', executionId)
  mkdirSync(folder, { recursive: true })
  const name = fileName(titles)
  const bring = async (url: string | null, ending: string): Promise<Delivered> => {
    if (url === null) throw new Error(`The video is ready, but has no ${ending}.`)
    const path = join(folder, `${name}${ending}`)
    await download(url, path)
    return { path, url }
  }
  const brought = await bring(video.videoUrl, '.mp4')
  return {
    video: brought,
    thumbnail: await bring(video.thumbnailUrl, '-thumbnail.jpg'),
    squareThumbnail: await bring(video.squareThumbnailUrl, '-thumbnail-square.jpg'),
    audio: await bring(video.croppedAudioUrl, '.mp3'),
    durationSeconds: await durationOf(brought.path, ffprobePath),
  }
}

/** The object of `--json`; without results, what became of the execution instead. */
export function demoReport(execution: ExecutionAnswer, video: Video, results: DemoResults | null) {
  return {
    executionId: execution.id,
    workflowId: execution.workflowId,
    status: execution.status,
    videoPath: results?.video.path ?? null,
    videoUrl: results?.video.url ?? null,
    thumbnailPaths: results ? [results.thumbnail.path, results.squareThumbnail.path] : [],
    durationSeconds: results?.durationSeconds ?? null,
    renderTimeSeconds: video.renderTimeSeconds,
    creditsHeld: execution.credits.held,
    creditsCaptured: execution.credits.captured,
    steps: execution.steps.map(({ name, status, attempts, startedAt, finishedAt }) => ({
      name,
      status,
      attempts,
      startedAt,
      finishedAt,
    })),
    ...(execution.error && { error: execution.error }),
  }
}

/** `kevin-macleod-vibe-ace`, in any script. */
export function fileName({ title, artist }: SongTitles): string {
  const words = `${artist} ${title}`
    .toLowerCase()
    .normalize('NFC')
    .split(/[^\p{L}\p{M}\p{N}]+/u)
  const name = words.filter(Boolean).join('-')
  return Array.from(name).slice(0, NAME_LENGTH_MAX).join('').replace(/-$/, '') || 'video'
}

async function durationOf(path: string, ffprobePath: string): Promise<number> {
  const { stdout } = await promisify(execFile)(ffprobePath, [
    ...['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0'],
    path,
  ])
  return Number(stdout)
}
