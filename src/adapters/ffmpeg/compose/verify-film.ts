import { MediaError } from '../../../domain/failures.ts'
import type { FrameSize } from '../../../domain/frame-size.ts'
import { refuseBrokenOff } from '../conversion.ts'
import { readMp4Tracks } from './mp4-tracks.ts'

export interface OrderedFilm {
  readonly size: FrameSize
  readonly frames: number
  readonly isHeard: boolean
}

/**
 * Makes sure that a film of ours is what was ordered. *Errors:* ENCODER_CRASHED, or MEDIA_UNREADABLE
 * where pictures are missing: then the source broke off.
 */
export const verifyFilm = async (path: string, ordered: OrderedFilm): Promise<void> => {
  const tracks = (await readMp4Tracks(path)) ?? []
  const pictures = tracks.find(({ kind }) => kind === 'pictures')
  const is = [
    pictures?.size?.widthPx,
    pictures?.size?.heightPx,
    tracks.some(({ kind }) => kind === 'sound'),
  ].join()
  const wanted = [ordered.size.widthPx, ordered.size.heightPx, ordered.isHeard].join()
  if (!pictures || is !== wanted) {
    throw new MediaError('ENCODER_CRASHED', `${is} instead of ${wanted}`)
  }
  const secondsPerFrame = (pictures.ticksPerSample ?? 0) / pictures.timescale
  refuseBrokenOff(pictures.samples * secondsPerFrame, ordered.frames * secondsPerFrame)
}
