import { openAsBlob } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { runFfmpeg } from '../src/adapters/ffmpeg/process.ts'
import type { ExecutionId, VideoId } from '../src/domain/ids.ts'
import type { BenchStack } from './stack.ts'

/** What a benchmark's customer uploads: chords that change every second, with a beat. */
const SONG =
  '0.3*sin(2*PI*t*110*(1+mod(floor(t),4)/4))+0.2*sin(2*PI*t*440*(1+mod(floor(t/2),3)/3))' +
  '+0.3*sin(2*PI*t*60)*exp(-8*mod(t,0.5))'

/** Makes a song of this length; returns its path. */
export const makeSong = async (stack: BenchStack, durationSeconds: number): Promise<string> => {
  const path = join(stack.dir, `song-${durationSeconds}.mp3`)
  await runFfmpeg({
    ffmpegPath: stack.config.settings.SPOOL_FFMPEG_PATH,
    timeoutMs: 120_000,
    args: [
      ...['-f', 'lavfi', '-i', `aevalsrc=${SONG.replaceAll(',', '\\,')}:d=${durationSeconds}`],
      ...['-ac', '2', '-b:a', '192k', `file:${path}`],
    ],
  })
  return path
}

const call = async <Answer>(
  stack: BenchStack,
  path: string,
  body?: FormData | object,
): Promise<Answer> => {
  const isForm = body instanceof FormData
  const response = await fetch(`${stack.apiUrl}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      authorization: `Bearer ${stack.account.key}`,
      ...(body === undefined || isForm ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
  })
  if (response.ok) return (await response.json()) as Answer
  throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
}

/** Uploads a song or a film as a customer does; returns its media id. */
export const uploadMedium = async (stack: BenchStack, path: string): Promise<string> => {
  const form = new FormData()
  form.set('file', await openAsBlob(path), basename(path))
  return (await call<{ id: string }>(stack, '/v1/media', form)).id
}

/** A video of the song's beginning, 1280 × 720, 30 frames a second. */
export const createVideo = async (
  stack: BenchStack,
  audioMediaId: string,
  durationSeconds: number,
): Promise<VideoId> => {
  const body = {
    audioMediaId,
    region: { startSeconds: 0, endSeconds: durationSeconds },
    format: '16:9',
    settings: { title: 'Benchmark', artist: 'Spool' },
  }
  return (await call<{ id: VideoId }>(stack, '/v1/videos', body)).id
}

/** A film of so many lines at 25 frames a second, with a voiceless sound, that cannot be copied. */
export const makeFilm = async (
  stack: BenchStack,
  { seconds, lines }: { readonly seconds: number; readonly lines: number },
): Promise<string> => {
  const path = join(stack.dir, `film-${lines}-${seconds}.mp4`)
  const size = `${Math.round((lines * 16) / 9 / 2) * 2}x${lines}`
  await runFfmpeg({
    ffmpegPath: stack.config.settings.SPOOL_FFMPEG_PATH,
    timeoutMs: 600_000,
    args: [
      ...['-f', 'lavfi', '-i', `testsrc2=s=${size}:r=25:d=${seconds},noise=alls=12:allf=t`],
      ...['-f', 'lavfi', '-i', `aevalsrc=${SONG.replaceAll(',', '\\,')}:d=${seconds}`],
      ...['-c:v', 'mpeg4', '-q:v', '4', '-c:a', 'aac', `file:${path}`],
    ],
  })
  return path
}

/** The server has the times; being asked often would take processor time from what is measured. */
const POLL_MS = 500

/** Orders a stream of a film that was uploaded, and answers how many seconds it took from the order to
 * its end. */
export const streamSeconds = async (stack: BenchStack, mediaId: string): Promise<number> => {
  const body = { mediaId }
  const { executionId } = await call<{ executionId: ExecutionId }>(stack, '/v1/streams', body)
  for (;;) {
    const found = await call<{ status: string; createdAt: string; finishedAt: string | null }>(
      stack,
      `/v1/executions/${executionId}`,
    )
    if (found.finishedAt !== null) {
      if (found.status !== 'completed') throw new Error(`the stream ended ${found.status}`)
      return (Date.parse(found.finishedAt) - Date.parse(found.createdAt)) / 1000
    }
    await delay(POLL_MS)
  }
}

/** Orders a render by HTTP. */
export const orderRender = (
  stack: BenchStack,
  videoId: VideoId,
): Promise<{ executionId: ExecutionId; workflowId: string }> =>
  call(stack, `/v1/videos/${videoId}/renders`, {})

export const cancelRender = (stack: BenchStack, executionId: ExecutionId): Promise<unknown> =>
  call(stack, `/v1/executions/${executionId}/cancel`, {})
