import { createInterface } from 'node:readline'
import type { Stretch } from '../../domain/speech-pieces.ts'
import { spawnFfmpeg } from '../ffmpeg/process.ts'

/** Quieter than speech in a quiet room, for half a second: people breathe there. */
const SILENCE = 'silencedetect=noise=-35dB:duration=0.5'
const LINE = /^lavfi\.silence_(start|end)=(-?[\d.]+)$/

/**
 * The silences of a FLAC of ours, in order. *Errors:* those of `runFfmpeg`. *Cancellation:* ffmpeg is
 * ended.
 */
export const findSilences = async (job: {
  readonly ffmpegPath: string
  readonly audioPath: string
  readonly timeoutMs: number
  readonly signal: AbortSignal
}): Promise<Stretch[]> => {
  const { ffmpegPath, audioPath, timeoutMs, signal } = job
  const ffmpeg = spawnFfmpeg({
    ffmpegPath,
    args: [
      ...['-protocol_whitelist', 'file,pipe', '-f', 'flac', '-i', `file:${audioPath}`],
      ...['-af', `${SILENCE},ametadata=print:file=pipe\\\\:1`, '-f', 'null', '-'],
    ],
    timeoutMs,
    signal,
    stdout: 'pipe',
  })
  const silences: Stretch[] = []
  if (ffmpeg.stdout) {
    let startSeconds = 0
    for await (const line of createInterface({ input: ffmpeg.stdout })) {
      const [, edge, seconds] = LINE.exec(line) ?? []
      if (edge === 'start') startSeconds = Math.max(0, Number(seconds))
      else if (edge === 'end') silences.push({ startSeconds, endSeconds: Number(seconds) })
    }
  }
  await ffmpeg.finished
  return silences
}
