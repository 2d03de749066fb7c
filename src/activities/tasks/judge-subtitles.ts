import { open, readFile } from 'node:fs/promises'
import { seemsSubtitles } from '../../domain/captions/seems-subtitles.ts'
import { readSubtitles } from '../../domain/captions/subtitle-file.ts'
import { MediaError } from '../../domain/failures.ts'

/** A hundred thousand subtitles of 160 bytes: more than anybody reads, little enough to hold at once. */
const SUBTITLES_BYTES_MAX = 16 * 1024 * 1024

/** Where a subtitle file has its first times. */
const HEAD_BYTES = 4096

export interface FoundSubtitles {
  readonly cues: number
  readonly durationSeconds: number
  readonly contentType: string
}

/**
 * What a file is as subtitles, or null if it does not begin like them. *Errors:* SUBTITLES_UNREADABLE;
 * MEDIA_TOO_LARGE, before more than the beginning was read.
 */
export const judgeSubtitles = async (path: string): Promise<FoundSubtitles | null> => {
  const file = await open(path)
  try {
    const head = Buffer.alloc(HEAD_BYTES)
    const { bytesRead } = await file.read(head, 0, HEAD_BYTES, 0)
    if (!seemsSubtitles(head.toString('utf8', 0, bytesRead))) return null
    const { size } = await file.stat()
    if (size > SUBTITLES_BYTES_MAX) {
      throw new MediaError('MEDIA_TOO_LARGE', `${size} bytes of subtitles`)
    }
  } finally {
    await file.close()
  }
  const cues = readSubtitles(await readFile(path, 'utf8'))
  const durationSeconds = cues.reduce((end, cue) => Math.max(end, cue.endSeconds), 0)
  return { cues: cues.length, durationSeconds, contentType: 'text/plain; charset=utf-8' }
}
