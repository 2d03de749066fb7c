import { isAbsolute } from 'node:path'

import { MEDIA_LIMITS } from '../../domain/media-limits.ts'

/**
 * The containers that may come from outside, by ffmpeg's demuxer names. No playlist or script (hls,
 * dash, concat, sdp), nothing that opens further files (image2), no SVG; MPEG-TS, AVI, FLV and CAF are
 * left out for the number of holes that their parsers had.
 */
export const MEDIA_FORMATS = [
  'mov',
  'matroska',
  'mp3',
  'flac',
  'ogg',
  'wav',
  'w64',
  'aiff',
  'aac',
  'png_pipe',
  'jpeg_pipe',
  'webp_pipe',
] as const

/**
 * The largest single block of memory: the largest picture that is accepted, with eight bytes a pixel,
 * and room for edges. What is unpacked before anybody asks for it counts too: a colour profile or a
 * text of 8 MB in a PNG took 2.1 GB and 15 s.
 */
const BLOCK_BYTES_MAX = MEDIA_LIMITS.pixelsMax * 9

export interface SafeInput {
  /**
   * Absolute path of a local file with a name of our own making, which does not end like a picture's
   * (`.jpg`): ffmpeg goes by such an ending, opens the file as a numbered series, and is refused.
   */
  readonly path: string
  /** Demuxer names; by default what is accepted from outside. */
  readonly formats?: readonly string[]
  /** Further options of this input, such as a seek. */
  readonly options?: readonly string[]
}

/**
 * The arguments by which ffmpeg or ffprobe opens a file that we did not make: one local file, no other
 * protocol, no container that leads to other files, no picture or stream count that eats the memory.
 * `-protocol_whitelist file` alone still lets a concat script read its neighbours, hence the formats.
 */
export const safeInput = ({ path, formats = MEDIA_FORMATS, options = [] }: SafeInput): string[] => {
  if (!isAbsolute(path)) throw new TypeError('the path of an input must be absolute')
  return [
    '-max_alloc',
    String(BLOCK_BYTES_MAX),
    '-protocol_whitelist',
    'file',
    '-format_whitelist',
    formats.join(','),
    '-max_pixels',
    String(MEDIA_LIMITS.pixelsMax),
    '-max_streams',
    String(MEDIA_LIMITS.streamsMax),
    ...options,
    '-i',
    `file:${path}`,
  ]
}
